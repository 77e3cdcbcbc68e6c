"""PGR, APGR and CPT: how much of the gap between two models a router recovers."""

import numpy as np
import numpy.typing as npt

from pipeline.statistics._arrays import Floats, finite_columns, in_unit, open_share
from pipeline.statistics._curve import area, curve
from pipeline.statistics._metric import MetricInfo

__all__ = ["INFO", "apgr", "cpt", "pgr"]

_SOURCE = "RouteLLM, arXiv 2406.18665"
_ROUNDING = 1e-12  # a point that reaches the level may lie this far below it
_LEVELS = (20, 50, 80)  # the ones that RouteLLM reports

INFO = (
    MetricInfo(
        "pgr",
        "0 weak model, 1 strong model",
        "Performance gap recovered: quality above the weak model over the gap between the strong "
        "and the weak model.",
        "higher",
        _SOURCE,
    ),
    MetricInfo(
        "apgr",
        "0 to 1, random 0.5",
        "Average performance gap recovered: area under PGR over the share of requests sent to the "
        "strong model, by trapezoids from none to all of them.",
        "higher",
        _SOURCE,
    ),
    *(
        MetricInfo(
            f"cpt_{level}",
            "share of requests sent to the strong model",
            f"Call-performance threshold: smallest share of requests sent to the strong model at "
            f"which {level} % of the gap is recovered, linear between the operating points.",
            "lower",
            _SOURCE,
        )
        for level in _LEVELS
    ),
)


def pgr(quality: float, *, weak: float, strong: float) -> float | None:
    """Performance gap recovered (RouteLLM, arXiv 2406.18665).

    Unstable where the gap is small: give it the interval of joint draws, in which all three vary.

    Args:
        quality: mean quality of the router.
        weak, strong: mean quality of the two models.

    Returns:
        The share; below 0 for a router worse than the weak model, above 1 for one better than the
        strong one; None when the strong model is no better than the weak one.
    """
    return None if strong <= weak else (quality - weak) / (strong - weak)


def apgr(
    share: npt.ArrayLike, quality: npt.ArrayLike, *, weak: float, strong: float
) -> float | None:
    """Average of PGR over the share of requests sent to the strong model.

    None sent is the weak model and all sent is the strong one, so the curve has these ends.
    A router that decides at random has 0.5.

    Args:
        share: (k,) share sent to the strong model at each operating point, 0..1.
        quality: (k,) mean quality there.
        weak, strong: mean quality of the two models.

    Returns:
        The average; None when the strong model is no better than the weak one.

    Raises:
        DataError: a value is NaN or infinite, a share is outside 0..1, the lengths differ, or
            there are no points.
    """
    recovered = _recovered(share, quality, weak, strong)
    return None if recovered is None else area(*recovered, 0.0, 1.0)


def cpt(
    share: npt.ArrayLike, quality: npt.ArrayLike, *, weak: float, strong: float, reached: float
) -> float | None:
    """Smallest share sent to the strong model at which PGR reaches a level.

    Args:
        share: (k,) share sent to the strong model at each operating point, 0..1.
        quality: (k,) mean quality there.
        weak, strong: mean quality of the two models.
        reached: the level of PGR, 0..1, for example 0.5.

    Returns:
        The share, where the straight line between two operating points first comes to the level;
        None when the strong model is no better than the weak one.

    Raises:
        DataError: as `apgr`.
        ValueError: `reached` is outside 0..1.
    """
    open_share(reached, "reached")
    recovered = _recovered(share, quality, weak, strong)
    if recovered is None:
        return None
    shares, gained = recovered
    after = int(np.argmax(gained >= reached - _ROUNDING))
    rise = (reached - gained[after - 1]) / (gained[after] - gained[after - 1])
    return float(shares[after - 1] + rise * (shares[after] - shares[after - 1]))


def _recovered(
    share: npt.ArrayLike, quality: npt.ArrayLike, weak: float, strong: float
) -> tuple[Floats, Floats] | None:
    shares, qualities = finite_columns(share=share, quality=quality)
    in_unit(shares, "share")
    if strong <= weak:
        return None
    return curve(shares, (qualities - weak) / (strong - weak), (0.0, 0.0), (1.0, 1.0))
