"""From the rows of a sweep to the iteration time of the server that answered them.

The gaps between tokens give the coefficients; then the engine replays the very requests that were
sent, at the times at which they were sent, and the coefficients move until mean TTFT, TPOT and E2E
of every run come out as measured. What a request spends outside the engine (HTTP, tokenising, the
way back) is a constant of its own.
"""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.optimize import minimize

from pipeline.errors import DataError
from pipeline.fleet._step import StepTime
from pipeline.fleet._virtual import Limits
from pipeline.fleet.live._gaps import fit_gaps, gaps_of
from pipeline.fleet.live._measured import LiveFit, Measured, measured_runs, pooled, simulated

__all__ = ["fit_live"]

Floats = NDArray[np.float64]

_TERCILES = 3
_SOFT = 0.05  # relative error beyond which a group counts less
# Logarithm by which a coefficient may leave the gaps' own before that counts like a group that is
# off by _SOFT: gaps tell the terms apart, which means over requests do badly.
_TRUST = 0.3
_STEP = 0.1  # logarithm; first move of the simplex
_LEAST_S = 1e-4
_FEWEST = 30
_MOVES = 8


def fit_live(rows: pl.DataFrame, limits: Limits) -> LiveFit:
    """Fit the iteration time and the overhead to LIVE_REQUESTS rows that are not held out.

    t = a + c*D + d*S for decodes alone, and with prefill a + b + p*P + q*Q + c_mixed*D + d*S;
    milliseconds, see `StepTime`.

    Raises:
        DataError: fewer than 30 requests to fit, or more than 5 % of a run's requests failed.
    """
    runs = measured_runs(rows)
    count = sum(int((~run.held_out).sum()) for run in runs)
    if count < _FEWEST:
        raise DataError(
            f"{count} requests are too few to fit a server; at least {_FEWEST} are needed"
        )
    real = pooled(runs)
    groups = [_groups(run) for run in real]
    start = fit_gaps(gaps_of(rows, limits.max_batched_tokens))
    overhead_s = _overhead_s(runs, start)

    def loss(moved: Floats) -> float:
        fit = _moved(start, overhead_s, moved)
        ours = pooled([simulated(run, fit, limits) for run in runs])
        off = np.concatenate([_off(*of_one) for of_one in zip(real, ours, groups, strict=True)])
        strayed = float(np.sum((moved / _TRUST) ** 2)) / 2
        return float((np.sqrt(1 + (off / _SOFT) ** 2) - 1).sum()) + strayed

    # Batches change by whole requests, so the loss has steps, and slopes say nothing.
    still = np.zeros(_MOVES)
    simplex = np.concatenate([still[None], _STEP * np.eye(_MOVES)])
    options = {"initial_simplex": simplex, "maxfev": 800, "xatol": 2e-3, "fatol": 1e-3}
    found = minimize(loss, still, method="Nelder-Mead", options=options | {"adaptive": True})
    return _moved(start, overhead_s, found.x)


def _moved(step: StepTime, overhead_s: float, logs: Floats) -> LiveFit:
    """Multiply a, b, p, c, d, q, c_mixed and the overhead by the exponentials of `logs`."""
    a, b, p, c, d, q, c_mixed, outside = np.exp(logs).tolist()
    moved = replace(
        step,
        curve=tuple(a * ms for ms in step.curve),
        b=b * step.b,
        p=p * step.p,
        c=c * step.c,
        d=d * step.d,
        q=q * step.q,
        c_mixed=c_mixed * step.rates[5],
        d_mixed=d * step.rates[6],
    )
    return LiveFit(moved, outside * overhead_s)


def _overhead_s(runs: list[Measured], step: StepTime) -> float:
    """What a lone request waits for its first token beyond the iteration that computes it."""
    emptiest = min(runs, key=_concurrency).setting
    [lone] = pooled([run for run in runs if run.setting == emptiest])
    alone = [step.seconds(int(p), 0, 0.0, float(p) ** 2 / 2) for p in lone.prompt]
    return max(float(np.median(lone.ttft - alone)), _LEAST_S)


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
