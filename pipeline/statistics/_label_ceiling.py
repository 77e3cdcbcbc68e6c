"""How good the best predictor can be, when repeats of one prompt differ by luck."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.errors import DataError
from pipeline.statistics._arrays import Floats
from pipeline.statistics._functional import function_interval
from pipeline.statistics._noise import repeat_means, variance_parts
from pipeline.statistics._result import Estimate

__all__ = ["LabelCeiling", "label_ceiling"]

_NODES = 64  # of the quadrature; the AUC is good to three digits


@dataclass(frozen=True)
class LabelCeiling:
    """The least Brier score and the greatest AUC that any predictor can have on one repeat."""

    brier: Estimate
    auc: Estimate


def label_ceiling(
    values: npt.ArrayLike,
    *,
    level: float,
    resamples: int,
    rng: np.random.Generator,
    group_ids: npt.ArrayLike | None = None,
) -> LabelCeiling:
    """Scores of a predictor that knows every prompt's chance of success, from repeated labels.

    Its Brier score is the variance within prompts, whatever the distribution of the chances. Its
    AUC over prompts needs that distribution: it is taken as a beta distribution with the mean and
    the share of noise that were observed (beta-binomial model), under which chances of successes
    and failures are Beta(a + 1, b) and Beta(a, b + 1), and the AUC is how often the first exceeds
    the second.

    Args:
        values: (n, r) labels 0 or 1, one row per prompt; NaN is missing.
        level: confidence level.
        resamples: bootstrap resamples of clusters.
        rng: source of the resamples, of a stream that nothing else uses.
        group_ids: (n,) cluster of each prompt; each prompt by itself where None.

    Returns:
        Both with intervals; without a point where no prompt has two labels, or (AUC) where all
        labels are equal.

    Raises:
        DataError: a label is neither 0 nor 1, or as `noise_share`.
        ValueError: `level` is outside 0..1 or `resamples` is below 1.
    """
    table = np.asarray(values, dtype=np.float64)
    known = table[~np.isnan(table)]
    other = known[(known != 0.0) & (known != 1.0)]
    if other.size:
        raise DataError(f"labels hold {other[0]:g}; 0 and 1 are accepted")
    means, prompts, n, missing = repeat_means(table, group_ids, resamples=resamples, rng=rng)
    centre = float(known.mean()) if known.size else np.nan

    def brier(columns: Floats) -> Floats:
        return variance_parts(columns, prompts)[0]

    def auc(columns: Floats) -> Floats:
        within, between = variance_parts(columns, prompts)
        total = within + between
        rest = np.divide(between, total, out=np.full_like(total, np.nan), where=total > 0.0)
        return _beta_auc(centre + columns[..., 2] / columns[..., 0], rest)

    clusters = int(means.clusters[0])
    found = (
        function_interval(one, means, level=level, n=n, clusters=clusters, missing=missing)
        for one in (brier, auc)
    )
    return LabelCeiling(*found)


def _beta_auc(mean: Floats, share: Floats) -> Floats:
    """AUC of chances of this mean, whose variance is this share of that of the labels; (...)."""
    from scipy.special import betainc, betaincinv

    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    kept = np.clip(share, 1e-6, 1.0 - 1e-6)[..., None]
    a, b = mean[..., None] * (1.0 - kept) / kept, (1.0 - mean[..., None]) * (1.0 - kept) / kept
    right = betaincinv(a + 1.0, b, (nodes + 1.0) / 2.0)
    area: Floats = betainc(a, b + 1.0, right) @ weights / 2.0
    return np.where(share <= 0.0, 0.5, np.where(share >= 1.0, 1.0, area))
