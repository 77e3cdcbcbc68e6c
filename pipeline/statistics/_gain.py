"""Relative gains and gaps of a router against its references."""

import numpy.typing as npt

from pipeline.statistics._arrays import finite, finite_columns
from pipeline.statistics._metric import MetricInfo

__all__ = ["INFO", "cost_save", "gain", "gap_to_oracle", "perf_gain"]

_SOURCE = "LLMRouterBench"

INFO = (
    MetricInfo(
        "gain_random",
        "share of random routing's quality",
        "Gain over random: mean quality less that of choosing a model at random, relative to it.",
        "higher",
        _SOURCE,
    ),
    MetricInfo(
        "gain_best",
        "share of the best model's quality",
        "Gain over the best single model: mean quality less that of this model, relative to it.",
        "higher",
        _SOURCE,
    ),
    MetricInfo(
        "gap_oracle",
        "share of the oracle's quality",
        "Gap to the oracle: mean quality of the best model for each prompt less that of the "
        "router, relative to the former.",
        "lower",
        _SOURCE,
    ),
    MetricInfo(
        "perf_gain",
        "share of the best model's quality",
        "Largest gain in quality over the best single model at any operating point; optimistic "
        "where the point is picked on the data that report it.",
        "higher",
        _SOURCE,
    ),
    MetricInfo(
        "cost_save",
        "share of the best model's cost",
        "Largest cut of cost against the best single model at an operating point that is at least "
        "as good; undefined if none is; optimistic where picked on the data that report it.",
        "higher",
        _SOURCE,
    ),
)


def gain(value: float, reference: float) -> float | None:
    """Relative gain (value - reference) / reference; None when the reference is not above 0."""
    return None if reference <= 0.0 else (value - reference) / reference


def gap_to_oracle(value: float, oracle: float) -> float | None:
    """Relative gap (oracle - value) / oracle; None when the oracle is not above 0."""
    return None if oracle <= 0.0 else (oracle - value) / oracle


def perf_gain(quality: npt.ArrayLike, best_quality: float) -> float | None:
    """Largest relative gain over the best single model.

    Args:
        quality: (k,) mean quality of each operating point; none gives None.
        best_quality: that of the best single model.

    Raises:
        DataError: a value is NaN or infinite.
    """
    qualities = finite(quality, "quality")
    return gain(float(qualities.max()), best_quality) if qualities.size else None


def cost_save(
    cost: npt.ArrayLike, quality: npt.ArrayLike, *, best_cost: float, best_quality: float
) -> float | None:
    """Largest relative cut of cost at an operating point as good as the best single model.

    Unlike 1 - `qnc`, only measured points count, none between them.

    Args:
        cost, quality: (k,) means of each operating point.
        best_cost, best_quality: those of the best single model.

    Returns:
        The share saved, below 0 where equal quality costs more; None when no point is as good, or
        when the model costs nothing.

    Raises:
        DataError: a value is NaN or infinite, the lengths differ, or there are no points.
    """
    costs, qualities = finite_columns(cost=cost, quality=quality)
    as_good = costs[qualities >= best_quality]
    return 1.0 - float(as_good.min()) / best_cost if as_good.size and best_cost > 0.0 else None
