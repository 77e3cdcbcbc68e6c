"""Stationary block bootstrap of one run, for when there is no second run to compare with."""

import numpy as np
import numpy.typing as npt

from pipeline.statistics._arrays import Floats, finite, open_share
from pipeline.statistics._autocorrelation import effective_size
from pipeline.statistics._percentile import percentile_bounds
from pipeline.statistics._quantiles import Bounds
from pipeline.statistics._result import Estimate, degenerate
from pipeline.statistics._tail import tail_reason

__all__ = ["block_interval"]

_SHORTEST = 50  # values; below, autocorrelations are too noisy to choose a block by
_BLOCKS = 10  # blocks of mean length that a run must hold


def block_interval(
    run: npt.ArrayLike,
    *,
    quantile: float | None,
    level: float,
    resamples: int,
    rng: np.random.Generator,
) -> Estimate:
    """Mean or quantile of one run, with the percentile interval of a stationary bootstrap.

    Blocks of consecutive requests have geometric lengths and wrap around (Politis and Romano
    1994); their mean length is chosen by Politis and White (2004) as corrected by Patton, Politis
    and White (2009), both from `arch`. It is within-run: it knows nothing of what differs between
    runs, and in a busy queue it is short even of that. Prefer `replication_interval`.

    Args:
        run: (n,) one number per request in the order of the requests, in any unit.
        quantile: which quantile, 0..1; None for the mean.
        level: confidence level, for example 0.95.
        resamples: bootstrap resamples.
        rng: source of the resamples, of a stream that nothing else uses.

    Returns:
        The estimate with block length, effective size and lag-1 autocorrelation in `method`, and
        `clusters` the blocks that the run holds; without bounds for fewer than 50 values, constant
        data, fewer than 10 blocks, or fewer than 10 requests beyond the quantile.

    Raises:
        DataError: a value is NaN or infinite.
        ValueError: `level` or `quantile` is outside 0..1, or `resamples` is below 1.
    """
    open_share(level, "level")
    if resamples < 1:
        raise ValueError(f"resamples must be at least 1, got {resamples}")
    values = finite(run, "run")
    reason = _refusal(values, quantile)
    block = 0 if reason else _block_length(values)
    blocks = values.size // block if block else min(values.size, 1)
    if not reason and blocks < _BLOCKS:
        reason = f"the run holds {blocks} blocks of {block}, {_BLOCKS} needed"
    bounds: Bounds = reason or _bounds(values, quantile, block, level, resamples, rng)
    point = _statistic(values, quantile) if values.size else None
    if isinstance(bounds, str):
        return degenerate(bounds, point, level=level, n=values.size, clusters=blocks)
    method = f"stationary block bootstrap, within-run, block {block}{_dependence(values)}"
    return Estimate(point, *bounds, level, method, values.size, blocks)


def _refusal(values: Floats, quantile: float | None) -> str | None:
    if quantile is not None:
        open_share(quantile, "quantile")
    if not values.size:
        return "no values"
    if np.ptp(values) == 0.0:
        return "constant data"
    if values.size < _SHORTEST:
        return f"{values.size} values in the run, {_SHORTEST} needed"
    return None if quantile is None else tail_reason([values.size], quantile)


def _block_length(values: Floats) -> int:
    """Mean length of the blocks, at least 1."""
    from arch.bootstrap import optimal_block_length

    # A stretch of equal values has no correlation with anything; arch divides by its variance.
    with np.errstate(divide="ignore", invalid="ignore"):
        length = float(optimal_block_length(values)["stationary"].iloc[0])
    return max(1, round(length))


def _bounds(
    values: Floats,
    quantile: float | None,
    block: int,
    level: float,
    resamples: int,
    rng: np.random.Generator,
) -> Bounds:
    from arch.bootstrap import StationaryBootstrap

    drawn = StationaryBootstrap(block, values, seed=rng)
    draws = drawn.apply(lambda sample: _statistic(sample, quantile), resamples)
    [bounds] = percentile_bounds(draws, level)
    return bounds


def _statistic(values: Floats, quantile: float | None) -> float:
    return float(values.mean() if quantile is None else np.quantile(values, quantile))


def _dependence(values: Floats) -> str:
    found = effective_size(values)
    return "" if found is None else f", n_eff {found[0]:.0f}, lag-1 {found[1]:.2f}"
