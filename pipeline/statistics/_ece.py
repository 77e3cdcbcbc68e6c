"""Expected calibration error in bins of equal mass."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipeline.statistics._arrays import Floats, Ints, finite_columns, in_unit

__all__ = ["ReliabilityBin", "ece", "equal_mass"]


@dataclass(frozen=True)
class ReliabilityBin:
    """One bin of a reliability diagram: rows in it, their mean prediction and mean label, 0..1."""

    count: int
    mean_predicted: float
    mean_observed: float


def ece(
    probability: npt.ArrayLike, label: npt.ArrayLike, bins: int = 10
) -> tuple[float, list[ReliabilityBin]]:
    """Mean distance of prediction and label over bins, weighted by count (Naeini et al. 2015).

    Bins hold equal numbers of rows, as far as ties allow: equal predictions share a bin, so the
    order of the rows never matters. Empty bins are left out. Computed on rows that trained the
    calibrator it is near 0 by construction.

    Args:
        probability: (n,) predictions, 0..1.
        label: (n,) outcomes, 0 or 1; graded labels between are accepted as they are.
        bins: bins to aim for.

    Returns:
        The error, 0..1, and the bins from low to high prediction.

    Raises:
        DataError: a value is NaN or outside 0..1, the lengths differ, or there are no rows.
        ValueError: `bins` is below 1.
    """
    if bins < 1:
        raise ValueError(f"bins must be at least 1, got {bins}")
    predicted, observed = finite_columns(probability=probability, label=label)
    in_unit(predicted, "probability")
    in_unit(observed, "label")
    index = equal_mass(predicted, bins)
    counts = np.bincount(index, minlength=bins)
    filled = counts > 0
    count = counts[filled]
    mean_predicted = np.bincount(index, weights=predicted, minlength=bins)[filled] / count
    mean_observed = np.bincount(index, weights=observed, minlength=bins)[filled] / count
    error = float((count * np.abs(mean_predicted - mean_observed)).sum() / predicted.size)
    rows = zip(count.tolist(), mean_predicted.tolist(), mean_observed.tolist(), strict=True)
    return error, [ReliabilityBin(*row) for row in rows]


def equal_mass(values: Floats, bins: int) -> Ints:
    """Bin of each row by the middle rank of its ties; shape (n,), 0 to bins - 1."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    # Twice the middle rank, so that all of it stays in whole numbers.
    middle = 2 * np.cumsum(counts) - counts
    return (bins * middle // (2 * values.size)).astype(np.int64)[inverse]
