"""Spearman's rank correlation."""

from pipeline.statistics._arrays import Floats
from pipeline.statistics._midranks import midranks
from pipeline.statistics._pearson import weighted_correlation

__all__ = ["spearman"]


def spearman(x: Floats, y: Floats, weights: Floats) -> Floats:
    """Pearson's r of the midranks of (x, y), ranked anew in each resample.

    Args, returns: as `pearson`.
    """
    return weighted_correlation(midranks(x, weights), midranks(y, weights), weights)
