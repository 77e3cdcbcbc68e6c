"""Brier score of predicted quality."""

import numpy.typing as npt

from pipeline.statistics._arrays import finite_columns, in_unit

__all__ = ["brier"]


def brier(probability: npt.ArrayLike, label: npt.ArrayLike) -> float:
    """Mean squared distance of prediction and label (Brier 1950); 0 is perfect, 1 the worst.

    Args:
        probability: (n,) predictions, 0..1.
        label: (n,) outcomes, 0 or 1; graded labels between are accepted as they are.

    Raises:
        DataError: a value is NaN or outside 0..1, the lengths differ, or there are no rows.
    """
    predicted, observed = finite_columns(probability=probability, label=label)
    in_unit(predicted, "probability")
    in_unit(observed, "label")
    return float(((predicted - observed) ** 2).mean())
