"""What a Brier score is made of: miscalibration, discrimination and the spread of the labels."""

from dataclasses import dataclass, fields, replace

import numpy as np
import numpy.typing as npt

from pipeline.statistics._arrays import Floats, Ints, finite_columns, in_unit
from pipeline.statistics._clusters import cluster_columns
from pipeline.statistics._ece import equal_mass
from pipeline.statistics._interval_of_draws import interval_of_draws
from pipeline.statistics._joint import resample
from pipeline.statistics._result import Estimate

__all__ = ["BrierParts", "brier_intervals", "brier_parts"]

_METHOD = "percentile cluster bootstrap, bias taken off"


@dataclass(frozen=True)
class BrierParts:
    """Parts of a Brier score: brier = reliability - resolution + uncertainty.

    Attributes:
        reliability: mean squared gap of prediction and label in a bin; 0 is calibrated. What noise
            adds is taken off, so it can fall below 0.
        resolution: how far predictions tell rows apart, also within a bin; more is better.
        uncertainty: variance of the labels, which no predictor changes.
        brier: the score itself.
    """

    reliability: float
    resolution: float
    uncertainty: float
    brier: float


def brier_parts(
    probability: npt.ArrayLike,
    label: npt.ArrayLike,
    group_ids: npt.ArrayLike | None = None,
    bins: int = 10,
) -> BrierParts:
    """The three parts of Murphy (1973) in bins of equal mass, which add up to the score.

    Predictions of a bin differ, so resolution is the generalised one of Stephenson et al. (2008):
    it takes off their variance within bins and adds twice their covariance with the label. Noise
    widens the gaps of bins, so reliability loses the variance of the gaps, and uncertainty gains
    that of the mean label, as in Ferro and Fricker (2012) but over clusters and for graded labels.

    Args:
        probability: (n,) predictions, 0..1.
        label: (n,) outcomes, 0 or 1; graded labels between are accepted as they are.
        group_ids: (n,) cluster of each row; each row by itself where None.
        bins: bins to aim for.

    Raises:
        DataError: a value is NaN or outside 0..1, the lengths differ, or there are no rows.
    """
    predicted, observed, ids = _checked(probability, label, group_ids)
    index = equal_mass(predicted, bins)
    sums, sizes = cluster_columns(_columns(predicted, observed, index, bins), ids)
    means = sums.sum(axis=0) / sizes.sum(axis=0)
    return BrierParts(*_parts(means, *_biases(predicted, observed, index, ids)).tolist())


def brier_intervals(
    probability: npt.ArrayLike,
    label: npt.ArrayLike,
    group_ids: npt.ArrayLike,
    *,
    level: float,
    resamples: int,
    rng: np.random.Generator,
    bins: int = 10,
) -> dict[str, Estimate]:
    """The parts of `brier_parts` and the score, each with its interval from joint resamples.

    Bins stay as they are on the data. A resample adds noise to the gaps once more, so its bias is
    twice that of the data, and that is taken off.

    Args:
        probability, label, group_ids, bins: as `brier_parts`.
        level: confidence level.
        resamples: bootstrap resamples of clusters.
        rng: source of the resamples, of a stream that nothing else uses.

    Returns:
        Estimates by the names of `BrierParts`. As its estimate, the low bound of reliability can
        lie below 0.

    Raises:
        DataError: as `brier_parts`.
        ValueError: `level` is outside 0..1 or `resamples` is below 1.
    """
    predicted, observed, ids = _checked(probability, label, group_ids)
    index = equal_mass(predicted, bins)
    sums, sizes = cluster_columns(_columns(predicted, observed, index, bins), ids)
    means = resample(sums, sizes, resamples, rng)
    gaps, mean = _biases(predicted, observed, index, ids)
    points = _parts(means.points, gaps, mean)
    draws = _parts(means.draws, 2.0 * gaps, 2.0 * mean)
    found = {
        part.name: interval_of_draws(
            float(points[place]),
            draws[:, place],
            level=level,
            method=_METHOD,
            n=predicted.size,
            clusters=int(means.clusters[0]),
        )
        for place, part in enumerate(fields(BrierParts))
    }
    # No truth lies below 0, so no interval may lie there as a whole.
    return {
        name: one if one.high is None else replace(one, high=max(0.0, one.high))
        for name, one in found.items()
    }


def _checked(
    probability: npt.ArrayLike, label: npt.ArrayLike, group_ids: npt.ArrayLike | None
) -> tuple[Floats, Floats, npt.NDArray[np.generic]]:
    predicted, observed = finite_columns(probability=probability, label=label)
    in_unit(predicted, "probability")
    in_unit(observed, "label")
    ids = np.arange(predicted.size) if group_ids is None else np.asarray(group_ids)
    return predicted, observed, ids


def _columns(predicted: Floats, observed: Floats, index: Ints, bins: int) -> Floats:
    """Columns whose means hold all parts: rows and gap of each bin, then label, square, loss."""
    inside = np.zeros((predicted.size, 2 * bins))
    rows = np.arange(predicted.size)
    inside[rows, index] = 1.0
    inside[rows, bins + index] = predicted - observed
    return np.column_stack([inside, observed, observed**2, (predicted - observed) ** 2])


def _parts(means: Floats, gaps: float, mean: float) -> Floats:
    """Parts in the order of `BrierParts`, (..., 4), of (..., 2 bins + 3) means of `_columns`.

    Less what noise adds to the gaps, plus what it takes off the spread of the labels.
    """
    share, gap = np.split(means[..., :-3], 2, axis=-1)
    squares = np.divide(gap**2, share, out=np.zeros_like(gap), where=share > 0.0)
    reliability = squares.sum(axis=-1) - gaps
    uncertainty = means[..., -2] - means[..., -3] ** 2 + mean
    brier = means[..., -1]
    return np.stack([reliability, reliability + uncertainty - brier, uncertainty, brier], axis=-1)


def _biases(
    predicted: Floats, observed: Floats, index: Ints, ids: npt.NDArray[np.generic]
) -> tuple[float, float]:
    """Expected square of the noise of the gaps, weighted over bins, and of the mean label."""
    count = np.bincount(index)
    gap = predicted - observed
    within = np.bincount(index, weights=gap)[index] / count[index]
    # Clusters of each bin: a cluster in two bins is one in each.
    codes = np.unique(ids, return_inverse=True)[1].astype(np.int64)
    _, places, of_row = np.unique(
        index * (codes.max() + 1) + codes, return_index=True, return_inverse=True
    )
    squares = np.bincount(of_row, weights=gap - within) ** 2
    bin_of = index[places]
    clusters = np.bincount(bin_of, minlength=count.size)
    factor = clusters / np.maximum(clusters - 1, 1)
    variance = np.bincount(bin_of, weights=squares, minlength=count.size) * factor
    gaps = np.divide(variance, count, out=np.zeros(count.size), where=count > 0).sum()
    sums = np.bincount(codes, weights=observed - observed.mean())
    k = sums.size
    return float(gaps / predicted.size), float((sums**2).sum() * k / max(k - 1, 1) / gap.size**2)
