"""Exact test of two arms that are right or wrong on the same prompts."""

import numpy as np
import numpy.typing as npt

from pipeline.errors import DataError
from pipeline.statistics._arrays import finite
from pipeline.statistics._result import Alternative

__all__ = ["mcnemar"]


def mcnemar(
    a: npt.ArrayLike, b: npt.ArrayLike, alternative: Alternative = "two-sided"
) -> float | None:
    """p-value of the exact test of McNemar (1947): the sign test on the pairs that disagree.

    Pairs on which both are right or both wrong say nothing. It takes prompts as independent; for
    clusters use `sign_flip_pvalue`.

    Args:
        a: (n,) 0 or 1 per prompt.
        b: (n,) the other arm, same prompts in the same order.
        alternative: ``"greater"`` asks whether `a` is right more often than `b`.

    Returns:
        The p-value, 1 where all pairs agree; None for no pairs.

    Raises:
        DataError: a value is neither 0 nor 1, or the lengths differ.
        ValueError: `alternative` is none of the three.
    """
    if alternative not in ("two-sided", "less", "greater"):
        raise ValueError(f"alternative must be two-sided, less or greater, got {alternative!r}")
    left, right = finite(a, "a"), finite(b, "b")
    if left.size != right.size:
        raise DataError(f"pairs need equal prompts, got {left.size} of a and {right.size} of b")
    for name, values in (("a", left), ("b", right)):
        if not np.isin(values, (0.0, 1.0)).all():
            raise DataError(
                f"{name} has values other than 0 and 1; graded scores have no sign test"
            )
    if not left.size:
        return None
    wins, losses = int(np.sum(left > right)), int(np.sum(left < right))
    from scipy import special

    n = wins + losses
    at_most = float(special.bdtr(wins, n, 0.5))
    at_least = float(special.bdtr(losses, n, 0.5))
    both = min(1.0, 2.0 * min(at_most, at_least))
    return {"less": at_most, "greater": at_least, "two-sided": both}[alternative]
