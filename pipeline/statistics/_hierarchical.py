"""Hierarchical bootstrap of runs: runs first, then blocks of consecutive requests within each."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from pipeline.errors import DataError
from pipeline.statistics._arrays import Floats, finite, open_share
from pipeline.statistics._percentile import percentile_bounds
from pipeline.statistics._quantiles import Bounds
from pipeline.statistics._result import Estimate, degenerate
from pipeline.statistics._tail import tail_reason

__all__ = ["hierarchical_interval"]

_CHUNK = 1 << 20  # elements of one matrix of drawn requests


def hierarchical_interval(
    runs: Sequence[npt.ArrayLike],
    *,
    quantile: float | None,
    level: float,
    resamples: int,
    block: int,
    rng: np.random.Generator,
) -> Estimate:
    """Mean over runs of their mean or quantile, with a percentile interval over both levels.

    Each resample draws runs with replacement, and each drawn run anew from blocks of consecutive
    requests that wrap around its end (Politis and Romano 1992). Prefer `replication_interval`: with
    few runs the percentile form is short where runs differ by more than their requests explain,
    because it takes 1 / r in place of 1 / (r - 1) and normal in place of Student tails (Kalibera
    and Jones 2013); where they do not, it counts the spread of the requests twice.

    Measured with five runs of 3,534 requests through a queue at load 0.8, block 100, level 0.95,
    400 repetitions: it covered 0.96 for the mean and 0.90 for p95, t covered 0.94 and 0.90. With
    each run moved by a normal shift of 0.5 mean service times: 0.86 for the mean, t 0.95.

    Args:
        runs: r arrays (n_i,), one number per request in the order of the requests, in any unit.
        quantile: which quantile of each run, 0..1; None for the mean.
        level: confidence level, for example 0.95.
        resamples: bootstrap resamples.
        block: requests in a block; several times the lag at which a queue forgets.
        rng: source of the resamples, of a stream that nothing else uses.

    Returns:
        The estimate; without bounds for fewer than two runs, constant data, a run shorter than two
        blocks, or fewer than 10 requests beyond the quantile in a run.

    Raises:
        DataError: a value is NaN or infinite, or a run has no values.
        ValueError: `level` or `quantile` is outside 0..1, or `resamples` or `block` is below 1.
    """
    _check(quantile, level, resamples, block)
    series = [finite(run, f"run {index}") for index, run in enumerate(runs)]
    sizes = [run.size for run in series]
    if 0 in sizes:
        raise DataError(f"run {sizes.index(0)} has no values; leave such runs out and count them")
    point = float(np.mean([_statistic(run, quantile) for run in series])) if series else None
    n, count = sum(sizes), len(series)
    bounds: Bounds = _refusal(series, quantile, block) or ""
    if not bounds:
        draws = _draws(series, quantile, block, resamples, rng)
        [bounds] = percentile_bounds(draws[:, None], level)
    if isinstance(bounds, str):
        return degenerate(bounds, point, level=level, n=n, clusters=count)
    method = f"hierarchical bootstrap over runs, block {block}"
    return Estimate(point, *bounds, level, method, n, count)


def _check(quantile: float | None, level: float, resamples: int, block: int) -> None:
    open_share(level, "level")
    if quantile is not None:
        open_share(quantile, "quantile")
    for name, number in (("resamples", resamples), ("block", block)):
        if number < 1:
            raise ValueError(f"{name} must be at least 1, got {number}")


def _refusal(series: list[Floats], quantile: float | None, block: int) -> str | None:
    if len(series) < 2:
        return "one run" if series else "no runs"
    if np.ptp(np.concatenate(series)) == 0.0:
        return "constant data"
    shortest = min(run.size for run in series)
    if shortest < 2 * block:
        return f"a run has {shortest} values, two blocks of {block} needed"
    return None if quantile is None else tail_reason([run.size for run in series], quantile)


def _statistic(values: Floats, quantile: float | None) -> Floats:
    """Mean or quantile over the last axis."""
    found: Floats = (
        values.mean(axis=-1) if quantile is None else np.quantile(values, quantile, axis=-1)
    )
    return found


def _draws(
    series: list[Floats],
    quantile: float | None,
    block: int,
    resamples: int,
    rng: np.random.Generator,
) -> Floats:
    """Statistic of each resample, (resamples,)."""
    drawn = rng.integers(0, len(series), size=(resamples, len(series)))
    values = np.empty(drawn.shape)
    for index, run in enumerate(series):
        chosen = drawn == index
        values[chosen] = _within(run, quantile, block, int(chosen.sum()), rng)
    means: Floats = values.mean(axis=1)
    return means


def _within(
    run: Floats, quantile: float | None, block: int, count: int, rng: np.random.Generator
) -> Floats:
    """Statistic of `count` resamples of one run in blocks, (count,)."""
    found = np.empty(count)
    blocks = -(-run.size // block)
    step = max(1, _CHUNK // run.size)
    for start in range(0, count, step):
        stop = min(start + step, count)
        firsts = rng.integers(0, run.size, size=(stop - start, blocks, 1))
        places = (firsts + np.arange(block)) % run.size
        requests = places.reshape(stop - start, -1)[:, : run.size]
        found[start:stop] = _statistic(run[requests], quantile)
    return found
