"""From the rows of a sweep to the iteration time of the server that answered them.

The engine replays the very requests that were sent, at the times at which they were sent, and its
coefficients are moved until mean TTFT, TPOT and E2E of every run come out as measured. What a
request spends outside the engine (HTTP, tokenising, the way back) is a constant of its own.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.optimize import differential_evolution, minimize

from pipeline.errors import DataError
from pipeline.fleet._step import StepTime
from pipeline.fleet._virtual import Limits, replay

__all__ = ["LiveFit", "Measured", "fit_live", "mean_errors", "measured_runs", "simulated"]

Floats = NDArray[np.float64]

_METRICS = ("ttft", "tpot", "e2e")
_TOLERATED = 0.05  # share of requests that may have failed
_TERCILES = 3
# How far from the first guess the search goes, as factors: a, p, c, d, q, c_mixed, b, overhead.
_FURTHEST = np.array(
    [[0.5, 0.4, 0.1, 0.03, 0.01, 0.1, 0.01, 0.05], [1.3, 2.5, 3, 20, 10, 5, 20, 3]]
)
_SOFT = 0.05  # relative error beyond which a group counts less
_LEAST = 1e-9  # s or ms; keeps logarithms of coefficients finite


@dataclass(frozen=True)
class Measured:
    """One run: n requests that were answered, in the order in which they were sent.

    Attributes:
        name: of the run.
        sent: s since the run began, (n,), ascending.
        prompt, output: tokens, (n,).
        ttft, tpot, e2e: s from sending, (n,); TPOT is NaN where there is one token.
        held_out: whether the fit did not see the request, (n,).
    """

    name: str
    sent: Floats
    prompt: NDArray[np.int64]
    output: NDArray[np.int64]
    ttft: Floats
    tpot: Floats
    e2e: Floats
    held_out: NDArray[np.bool_]


@dataclass(frozen=True)
class LiveFit:
    """Iteration time, and seconds that a request spends outside the engine."""

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
    output = rows["output_tokens"].to_numpy()
    first, last = (getattr(rows["token_s"].list, end)().to_numpy() for end in ("first", "last"))
    gaps = output - 1
    tpot = np.divide(last - first, gaps, out=np.full(gaps.shape, np.nan), where=gaps > 0)
    held_out = (rows["part"] == "test").to_numpy()
    prompt = rows["prompt_tokens"].to_numpy()
    return Measured(name, sent, prompt, output, first - sent, tpot, last - sent, held_out)


def simulated(run: Measured, fit: LiveFit, limits: Limits) -> Measured:
    """Serve the requests of a run on the engine; same requests, simulated times."""
    arrivals = run.sent + fit.overhead_s
    instances = np.zeros(arrivals.size, np.int64)
    found = replay([fit.step], [limits], instances, arrivals, run.prompt, run.output)
    ttft, e2e = found.first_token - run.sent, found.done - run.sent
    gaps = run.output - 1
    tpot = np.divide(e2e - ttft, gaps, out=np.full(gaps.shape, np.nan), where=gaps > 0)
    return Measured(run.name, run.sent, run.prompt, run.output, ttft, tpot, e2e, run.held_out)


def mean_errors(run: Measured, ours: Measured, kept: NDArray[np.bool_]) -> dict[str, float]:
    """Signed percent by which simulated means are off, over the requests that are kept."""
    errors = {}
    for name in _METRICS:
        mean, real = (np.nanmean(getattr(of, name)[kept]) for of in (ours, run))
        errors[name] = float(100 * (mean / real - 1))
    return errors


def fit_live(runs: list[Measured], limits: Limits) -> LiveFit:
    """Fit the iteration time and the overhead to the requests that are not held out.

    t = a + c*D + d*S for decodes alone, and with prefill a + b + p*P + q*Q + c_mixed*D + d*S;
    milliseconds, see `StepTime`.

    Raises:
        DataError: fewer than 30 requests to fit.
    """
    count = sum(int((~run.held_out).sum()) for run in runs)
    if count < 30:
        raise DataError(f"{count} requests are too few to fit a server; at least 30 are needed")
    groups = [_groups(run) for run in runs]

    start = _start(runs)

    def residuals(moved: Floats) -> Floats:
        fit = _fit_of(start * np.exp(moved))
        return np.concatenate(
            [_off(run, simulated(run, fit, limits), g) for run, g in zip(runs, groups, strict=True)]
        )

    def loss(moved: Floats) -> float:
        scaled = (residuals(moved) / _SOFT) ** 2
        return float((np.sqrt(1 + scaled) - 1).sum())

    # Batches change by whole requests, so the loss has steps and many dents: first a search over
    # factors around the guess, then the steps of a simplex.
    low, high = np.log(_FURTHEST[0]), np.log(_FURTHEST[1])
    found = differential_evolution(
        loss, np.stack([low, high], axis=1), x0=np.zeros(start.size), popsize=8, maxiter=60,
        tol=1e-3, rng=np.random.default_rng(0), polish=False,
    )  # fmt: skip
    options = {"maxfev": 1500, "xatol": 1e-3, "fatol": 1e-4, "adaptive": True}
    polished = minimize(loss, found.x, method="Nelder-Mead", options=options)
    return _fit_of(start * np.exp(polished.x))


def _fit_of(coefficients: Floats) -> LiveFit:
    a, p, c, d, q, c_mixed, b, overhead = coefficients
    step = StepTime(
        (0.0,), (float(a),), 0.0, p=float(p), c=float(c), d=float(d), q=float(q),
        c_mixed=float(c_mixed), d_mixed=float(d), b=float(b),
    )  # fmt: skip
    return LiveFit(step, float(overhead))


def _start(runs: list[Measured]) -> Floats:
    """First guess: a lone stream gives pace and prefill, the fullest run the cost of a sequence."""
    lone = min(runs, key=_concurrency)
    full = max(runs, key=_concurrency)
    a = 1e3 * float(np.nanmedian(lone.tpot))
    slope = np.polyfit(lone.prompt, 1e3 * lone.ttft, 1)[0]
    p = max(float(slope), 1e-3 * a)
    spread = max(_concurrency(full) - _concurrency(lone), 1.0)
    c = max((1e3 * float(np.nanmedian(full.tpot)) - a) / spread, 1e-3 * a)
    overhead = max(float(np.quantile(lone.ttft, 0.1)) - 1e-3 * (a + p * 32), 1e-3)
    guesses = [a, p, c, 1e-4 * a, 1e-4 * p, c, 0.1 * a, overhead]
    return np.maximum(guesses, _LEAST)


def _concurrency(run: Measured) -> float:
    """Mean number of requests under way."""
    span = float((run.sent + run.e2e).max() - run.sent.min())
    return float(run.e2e.sum()) / span


def _groups(run: Measured) -> list[tuple[str, NDArray[np.bool_]]]:
    """Requests whose means are compared: TTFT by length of prompt, TPOT by context, E2E."""
    seen = ~run.held_out
    context = run.prompt + run.output
    groups = [("e2e", seen), ("ttft", seen), ("tpot", seen)]
    for metric, size in (("ttft", run.prompt), ("tpot", context)):
        edges = np.quantile(size[seen], np.linspace(0, 1, _TERCILES + 1)) if seen.any() else []
        for low, high in pairwise(edges):
            groups.append((metric, seen & (size >= low) & (size <= high)))
    return [(metric, mask) for metric, mask in groups if mask.sum() >= _TERCILES]


def _off(run: Measured, ours: Measured, groups: list[tuple[str, NDArray[np.bool_]]]) -> Floats:
    """Logarithms of simulated over measured mean, one per group."""
    return np.array(
        [
            np.log(np.nanmean(getattr(ours, metric)[mask]) / np.nanmean(getattr(run, metric)[mask]))
            for metric, mask in groups
        ]
    )
