"""The score of RouterArena, which weighs quality against the logarithm of cost."""

import math

from pipeline.errors import DataError
from pipeline.statistics._metric import MetricInfo

__all__ = ["INFO", "routerarena"]

_DEAREST, _CHEAPEST = 200.0, 0.0044  # USD per 1,000 requests: the ends of their scale of cost
_BETA = 0.1

INFO = (
    MetricInfo(
        "routerarena",
        "0 to 1",
        "(1 + b) A C / (b A + C) with b = 0.1, A the quality and C = (log 200 - log cost) / "
        "(log 200 - log 0.0044), cost in USD per 1,000 requests, C held within 0 and 1.",
        "higher",
        "RouterArena, arXiv 2510.00202",
    ),
)


def routerarena(quality: float, usd_per_1000: float) -> float | None:
    """Score of RouterArena (arXiv 2510.00202).

    With b = 0.1 it weighs quality heavily. Their table prints it times 100, of accuracies on their
    questions: scores of other questions cannot be set beside it.

    Args:
        quality: mean quality, 0..1.
        usd_per_1000: cost of 1,000 requests, USD; held within 0.0044 and 200.

    Returns:
        The score, 0..1; None when quality and cost are both at their worst.

    Raises:
        DataError: the quality is outside 0..1, or the cost is not a finite number above 0.
    """
    if not 0.0 <= quality <= 1.0:
        raise DataError(f"quality is {quality}; 0..1 is accepted")
    if not (math.isfinite(usd_per_1000) and usd_per_1000 > 0.0):
        raise DataError(f"cost is {usd_per_1000} USD per 1,000 requests; above 0 is accepted")
    paid = min(max(usd_per_1000, _CHEAPEST), _DEAREST)
    thrift = math.log(_DEAREST / paid) / math.log(_DEAREST / _CHEAPEST)
    if quality == 0.0 and thrift == 0.0:
        return None
    return (1.0 + _BETA) * quality * thrift / (_BETA * quality + thrift)
