"""What a server did with the requests of a run, and what the engine makes of the same requests."""

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.errors import DataError
from pipeline.fleet._replay import replay, replay_closed
from pipeline.fleet._step import StepTime
from pipeline.fleet._virtual import Limits

__all__ = ["LiveFit", "Measured", "mean_errors", "measured_runs", "pooled", "simulated"]

Floats = NDArray[np.float64]

_METRICS = ("ttft", "tpot", "e2e")
_TOLERATED = 0.05  # share of requests that may have failed


@dataclass(frozen=True)
class Measured:
    """One run: n requests that were answered, in the order in which they were sent.

    Attributes:
        name: of the run.
        setting: what was offered; runs of one setting are repeats.
        clients: of a closed loop; None in an open one.
        sent: s since the run began, (n,), ascending.
        prompt, output: tokens, (n,).
        ttft, tpot, e2e: s from sending, (n,); TPOT is NaN where there is one token.
        held_out: whether the fit did not see the request, (n,).
    """

    name: str
    setting: str
    clients: int | None
    sent: Floats
    prompt: NDArray[np.int64]
    output: NDArray[np.int64]
    ttft: Floats
    tpot: Floats
    e2e: Floats
    held_out: NDArray[np.bool_]


@dataclass(frozen=True)
class LiveFit:
    """Iteration time, and the seconds that a request spends outside the engine."""

    step: StepTime
    overhead_s: float


def measured_runs(rows: pl.DataFrame) -> list[Measured]:
    """Lay out LIVE_REQUESTS rows, run by run.

    Raises:
        DataError: more than 5 % of a run's requests failed, so its load is not what was sent.
    """
    runs = []
    for key, part in rows.sort("sent_s").group_by("run", maintain_order=True):
        name = str(key[0])
        good = part.filter(pl.col("outcome") == "ok")
        failed = part.height - good.height
        if failed > _TOLERATED * part.height:
            reason = str(part["reason"].drop_nulls().first())
            raise DataError(
                f"{failed} of {part.height} requests of run {name} failed ({reason}); at most "
                f"{_TOLERATED:.0%} are accepted"
            )
        runs.append(_measured(name, good))
    return runs


def _measured(name: str, rows: pl.DataFrame) -> Measured:
    sent = rows["sent_s"].to_numpy()
    first, last = (getattr(rows["token_s"].list, end)().to_numpy() for end in ("first", "last"))
    output, clients = rows["output_tokens"].to_numpy(), rows["clients"].max()
    rate = rows["rate"].max()
    assert clients is None or isinstance(clients, int)
    assert rate is None or isinstance(rate, float)
    setting = f"open-{rate:g}" if clients is None else f"closed-{clients}"
    return Measured(
        name, setting, clients, sent, rows["prompt_tokens"].to_numpy(), output,
        first - sent, _tpot(first, last, output), last - sent,
        (rows["part"] == "test").to_numpy(),
    )  # fmt: skip


def _tpot(first: Floats, last: Floats, output: NDArray[np.int64]) -> Floats:
    return np.where(output > 1, (last - first) / np.maximum(output - 1, 1), np.nan)


def simulated(run: Measured, fit: LiveFit, limits: Limits) -> Measured:
    """Serve the requests of a run on the engine; same requests, simulated times.

    An open run keeps its sending times. In a closed one only each client's first request does:
    with all of them kept, an engine that is a little slow would meet ever more requests at once,
    more than there are clients.
    """
    if run.clients is None:
        arrivals, one = run.sent + fit.overhead_s, np.zeros(run.sent.size, np.int64)
        found = replay([fit.step], [limits], one, arrivals, run.prompt, run.output)
    else:
        first = run.sent[: run.clients] + fit.overhead_s
        found = replay_closed(fit.step, limits, first, run.prompt, run.output, fit.overhead_s)
    sent = found.arrivals - fit.overhead_s
    tpot = _tpot(found.first_token, found.done, run.output)
    ttft, e2e = found.first_token - sent, found.done - sent
    return replace(run, sent=sent, ttft=ttft, tpot=tpot, e2e=e2e)


def pooled(runs: list[Measured]) -> list[Measured]:
    """One run per setting, in order of first appearance, of the requests of all its repeats.

    The name is that of the first repeat, and `sent` counts from the beginning of each.
    """
    repeats: dict[str, list[Measured]] = {}
    for run in runs:
        repeats.setdefault(run.setting, []).append(run)
    return [_joined(of_one) for of_one in repeats.values()]


def _joined(runs: list[Measured]) -> Measured:
    arrays: dict[str, Any] = {
        field.name: np.concatenate([getattr(run, field.name) for run in runs])
        for field in fields(Measured)
        if field.name not in ("name", "setting", "clients")
    }
    return replace(runs[0], **arrays)


def mean_errors(run: Measured, ours: Measured, kept: NDArray[np.bool_]) -> dict[str, float]:
    """Signed percent by which simulated means are off, over the requests that are kept."""
    errors = {}
    for name in _METRICS:
        mean, real = (np.nanmean(getattr(of, name)[kept]) for of in (ours, run))
        errors[name] = float(100 * (mean / real - 1))
    return errors
