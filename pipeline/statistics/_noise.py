"""How much of a label is luck: the share of its variance that repeats of one prompt show."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from pipeline.errors import DataError
from pipeline.statistics._arrays import Floats
from pipeline.statistics._functional import function_interval
from pipeline.statistics._joint import JointMeans, joint_means
from pipeline.statistics._result import Estimate

__all__ = ["noise_share", "repeat_means", "variance_parts"]


def noise_share(
    values: npt.ArrayLike,
    *,
    level: float,
    resamples: int,
    rng: np.random.Generator,
    group_ids: npt.ArrayLike | None = None,
) -> Estimate:
    """Share of the variance of one label that no predictor can explain, with its interval.

    One-way random effects: a label is the mean of its prompt plus noise of its repeat. The share is
    1 - ICC(1) (Shrout and Fleiss 1979), from the mean squares within and between prompts; with
    unequal repeats the latter is divided by n0 of Searle et al. (1992), equation 3.63. Whole
    clusters of prompts are resampled, because the F interval holds for normal labels only. The
    share of a mean of r repeats is share / (share + r (1 - share)).

    Args:
        values: (n, r) labels, one row per prompt and one column per repeat; NaN is missing.
        level: confidence level.
        resamples: bootstrap resamples of clusters.
        rng: source of the resamples, of a stream that nothing else uses.
        group_ids: (n,) cluster of each prompt; each prompt by itself where None.

    Returns:
        The share, 0..1; n counts labels. Without a point where labels never vary, or where fewer
        than two prompts have labels, or none has two.

    Raises:
        DataError: `values` is not a table, is infinite somewhere, or the shapes do not fit.
        ValueError: `level` is outside 0..1 or `resamples` is below 1.
    """
    means, prompts, n, missing = repeat_means(values, group_ids, resamples=resamples, rng=rng)

    def share(columns: Floats) -> Floats:
        within, between = variance_parts(columns, prompts)
        total = within + between
        out: Floats = np.divide(within, total, out=np.full_like(total, np.nan), where=total > 0.0)
        return out

    found = function_interval(
        share, means, level=level, n=n, clusters=int(means.clusters[0]), missing=missing
    ).within(0.0, 1.0)
    # Noise may exceed its expectation so far that the estimated variance of the means is below 0.
    return found if found.estimate is None else replace(found, estimate=min(1.0, found.estimate))


def repeat_means(
    values: npt.ArrayLike,
    group_ids: npt.ArrayLike | None,
    *,
    resamples: int,
    rng: np.random.Generator,
) -> tuple[JointMeans, int, int, int]:
    """Resampled sums of squares per prompt, for `variance_parts`.

    Returns:
        Means over prompts of: repeats, their square, sum, sum of squares between and within; then
        the prompts that have labels, the labels, and the labels that are missing.

    Raises:
        DataError: `values` is not a table, is infinite somewhere, or the shapes do not fit.
        ValueError: `resamples` is below 1.
    """
    table = np.asarray(values, dtype=np.float64)
    if table.ndim != 2:
        raise DataError(f"values have shape {table.shape}; (prompts, repeats) is accepted")
    ids = np.arange(len(table)) if group_ids is None else np.asarray(group_ids)
    if ids.shape != table.shape[:1]:
        raise DataError(f"values have {len(table)} rows but group_ids have shape {ids.shape}")
    known, rows = ~np.isnan(table), len(table)
    used = known.any(axis=1)
    table, known = table[used], known[used]
    labels = int(known.sum())
    counts = known.sum(axis=1).astype(np.float64)
    # Only differences matter; around 0 their squares lose no digits.
    filled = np.where(known, table - (table[known].mean() if labels else 0.0), 0.0)
    sums = filled.sum(axis=1)
    rest = np.where(known, filled - (sums / counts)[:, None], 0.0)
    columns = [counts, counts**2, sums, sums**2 / counts, (rest**2).sum(axis=1)]
    means = joint_means(np.column_stack(columns), ids[used], resamples=resamples, rng=rng)
    return means, len(table), labels, rows * table.shape[1] - labels


def variance_parts(means: Floats, prompts: int) -> tuple[Floats, Floats]:
    """Variance within and between prompts, (...) each, from (..., 5) means of `repeat_means`.

    Both NaN where no prompt has two labels or there are fewer than two prompts. The one between is
    unbiased, so it can lie below 0.
    """
    counts, squares, sums, outer, inner = np.moveaxis(means, -1, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        within = np.where(counts > 1.0, inner / (counts - 1.0), np.nan)
        mean_square = prompts * (outer - sums**2 / counts) / (prompts - 1.0)
        repeats = (prompts * counts - squares / counts) / (prompts - 1.0)
        between = (mean_square - within) / repeats
    return within, between
