"""Expected calibration error, and the bins it is made of."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["ReliabilityBin", "ece"]


@dataclass(frozen=True)
class ReliabilityBin:
    """Predictions that were close together: how many, their mean, and what was observed."""

    count: int
    mean_predicted: float
    mean_observed: float


def ece(
    probability: NDArray[np.float64], label: NDArray[np.float64], bins: int = 10
) -> tuple[float, list[ReliabilityBin]]:
    """Mean gap between predicted and observed quality over bins of equal mass, and the bins.

    Equal predictions stay in one bin, so a constant predictor has one bin, and its ECE is the
    gap of its mean.
    """
    order = np.argsort(probability, kind="stable")
    predicted, observed = np.asarray(probability)[order], np.asarray(label)[order]
    edges = {round(len(predicted) * i / bins) for i in range(1, bins)}
    cuts = sorted({int(np.searchsorted(predicted, predicted[e])) for e in edges} - {0})
    parts = zip(np.split(predicted, cuts), np.split(observed, cuts), strict=True)
    found = [ReliabilityBin(len(p), float(p.mean()), float(o.mean())) for p, o in parts]
    gaps = sum(b.count * abs(b.mean_predicted - b.mean_observed) for b in found)
    return float(gaps / len(predicted)), found
