"""Measure a live server and write down its tier."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from pipeline.errors import EndpointError, UnknownNameError
from pipeline.fleet._virtual import Limits
from pipeline.fleet.live._client import Client
from pipeline.fleet.live._fit import fit_live
from pipeline.fleet.live._measured import (
    LiveFit,
    Measured,
    mean_errors,
    measured_runs,
    pooled,
    simulated,
)
from pipeline.fleet.live._plan import Spread
from pipeline.fleet.live._rows import LIVE_REQUESTS, read_live
from pipeline.fleet.live._runs import Target
from pipeline.fleet.live._sweep import Sweep, sweep, widths_up_to
from pipeline.fleet.steptime import TierProfile, curve_params
from pipeline.fleet.telemetry import MetricsSample, Probe, probe_fleet
from pipeline.progress import say
from pipeline.schema import write_rows

__all__ = ["Asking", "fit_rows", "live_limits", "profile_server", "served_model"]

_PATIENCE_S = 5.0


@dataclass(frozen=True)
class Asking:
    """How to profile a server.

    Attributes:
        model: name on the server; None where it offers one alone.
        seconds: length of every run of the sweep.
        passes: how often the sweep is repeated.
        rates: requests/s of the open loops; empty takes shares of what closed loops reach.
        max_num_seqs, max_batched_tokens: as the server was started.
        rows: file that keeps the rows of the sweep; read instead of measuring if it is there.
        seed: of lengths, prompts and arrivals.
    """

    model: str | None
    seconds: float
    passes: int
    rates: tuple[float, ...]
    max_num_seqs: int
    max_batched_tokens: int
    rows: Path
    seed: int = 0


async def profile_server(url: str, asking: Asking) -> tuple[TierProfile, LiveFit]:
    """Sweep over a server, fit its iteration time and say how far off held-out requests are.

    Raises:
        EndpointError: nobody answers, or not as an OpenAI-compatible server that streams usage.
        UnknownNameError: the server does not offer that model.
        DataError: too many requests failed, or too few were answered.
    """
    probed = (await probe_fleet({url: url}, _PATIENCE_S))[url]
    model = served_model(probed, asking.model, url)
    if asking.rows.exists():
        say(f"profile: rows of {asking.rows} are used; remove the file to measure again")
        rows = read_live(asking.rows)
    else:
        plan = _plan(probed, model, asking)
        async with Client(url) as client:
            rows = await sweep(Target(client, model, probed.label), plan)
        write_rows(rows, asking.rows, LIVE_REQUESTS)
    limits = live_limits(asking, probed.sample)
    return fit_rows(rows, limits, model, probed.sample, _command(url, asking))


def served_model(probed: Probe, name: str | None, url: str) -> str:
    """Return the name if the server offers it, or without one that of its only model.

    Raises:
        EndpointError: nobody answered, or not with a list of models, or there are several or none
            to choose from and no name.
        UnknownNameError: no such model there.
    """
    if probed.models is None:
        raise EndpointError("; ".join(probed.problems))
    if name is None and len(probed.models) != 1:
        listing = ", ".join(probed.models) or "none"
        raise EndpointError(f"{url}: give the model's name; the server offers {listing}")
    if name is not None and name not in probed.models:
        raise UnknownNameError("model", name, list(probed.models), f"{url}/v1/models")
    return next(iter(probed.models)) if name is None else name


def live_limits(asking: Asking, sample: MetricsSample | None) -> Limits:
    """What the server holds and serves at once; a cache it does not state is taken as unbounded."""
    kv_tokens = sample.kv_tokens if sample is not None else None
    return Limits(kv_tokens or 10**9, asking.max_num_seqs, asking.max_batched_tokens)


def fit_rows(
    rows: pl.DataFrame, limits: Limits, model: str, sample: MetricsSample | None, command: str
) -> tuple[TierProfile, LiveFit]:
    """Fit LIVE_REQUESTS rows, and judge the fit on those that it did not see.

    Raises:
        DataError: too many requests failed, or too few were answered.
    """
    runs = measured_runs(rows)
    fit = fit_live(rows, limits)
    errors = _held_out(runs, fit, limits)
    notes = ["step times include what shared the machine with the server while it was measured"]
    if sample is None or sample.kv_tokens is None:
        notes.append("the server does not say what its KV cache holds: taken as unbounded")
    profile = TierProfile(
        label=rows["label"][0], gpu="unknown", model=model, tp=1, form="curve",
        step=curve_params(fit.step), overhead_ms=1e3 * fit.overhead_s,
        kv_tokens=None if sample is None else sample.kv_tokens,
        max_num_seqs=limits.max_num_seqs, max_batched_tokens=limits.max_batched_tokens,
        errors=errors, rows=_counts(rows), notes=tuple(notes),
        sources={"rows": hashlib.sha256(rows.write_json().encode()).hexdigest()},
        command=command,
    )  # fmt: skip
    return profile, fit


def _held_out(runs: list[Measured], fit: LiveFit, limits: Limits) -> dict[str, float | None]:
    """Signed percent by setting and metric, of means over the requests that were held out."""
    errors: dict[str, float | None] = {}
    ours = pooled([simulated(run, fit, limits) for run in runs])
    for run, sim in zip(pooled(runs), ours, strict=True):
        if run.held_out.any():
            off = mean_errors(run, sim, run.held_out)
            errors |= {f"{run.setting} {metric}": round(value, 2) for metric, value in off.items()}
    return errors


def _plan(probed: Probe, model: str, asking: Asking) -> Sweep:
    assert probed.models is not None
    return Sweep(
        spread=Spread.within(probed.models[model]),
        seconds=asking.seconds,
        widths=widths_up_to(asking.max_num_seqs),
        rates=asking.rates,
        passes=asking.passes,
        seed=asking.seed,
    )


def _counts(rows: pl.DataFrame) -> dict[str, int]:
    return {
        "fitted": rows.filter(pl.col("part") == "fit").height,
        "held_out": rows.filter(pl.col("part") == "test").height,
        "failed": rows.filter(pl.col("outcome") != "ok").height,
    }


def _command(url: str, asking: Asking) -> str:
    rates = f" --rates {','.join(f'{rate:g}' for rate in asking.rates)}" if asking.rates else ""
    return (
        f"routebalance fleet profile {url} --seconds {asking.seconds:g} "
        f"--passes {asking.passes}{rates} "
        f"--max-num-seqs {asking.max_num_seqs} --max-batched-tokens {asking.max_batched_tokens}"
    )
