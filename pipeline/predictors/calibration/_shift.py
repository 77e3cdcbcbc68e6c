"""Conformalised quantiles: split-conformal prediction and CQR in one."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import DataError
from pipeline.predictors._distribution import LEVELS

__all__ = ["ConformalFactors"]

Floats = NDArray[np.float64]

_ROUNDING = 1e-9  # 0.05 is not a float, and 19.000000000000004 is not 20


@dataclass(frozen=True)
class ConformalFactors:
    """One factor per level of `LEVELS` on the quantiles of a positive number.

    A new value lies below (predicted quantile at level t) * (factor at t) with a chance of at least
    t for t >= 1/2, and of at most t for t < 1/2, if it is exchangeable with the n calibration
    pairs: each level is conformalised on its own, on the ratio actual / quantile. For a learner
    whose quantiles differ this is CQR (Romano, Patterson and Candes 2019) on the logarithm, one
    tail at a time; for one that has no spread it is split-conformal prediction.

    Attributes:
        factors: (len(LEVELS),).
        n: calibration pairs.
    """

    factors: tuple[float, ...]
    n: int

    @classmethod
    def fit(cls, actual: Floats, quantiles: Floats, level: float) -> "ConformalFactors":
        """Fit on n pairs: actual values (n,) and quantiles (n, len(LEVELS)), both above 0.

        Values may be (n, R), R answers to one prompt, NaN where there is none. Only n of them are
        independent, so ranks are those of n pairs, spread over all answers that there are; the
        chance is that of one answer to a new prompt (Dunn, Wasserman and Ramdas 2023, pooling).

        Levels beyond what n pairs support take the most extreme ratio seen.

        Raises:
            DataError: there are too few pairs for finite bounds at `level`.
        """
        table = actual.reshape(len(actual), -1)
        n, tail = len(table), (1 - level) / 2
        if _rank(1 - tail, n, n) > n:
            raise DataError(
                f"{n} calibration pairs are too few for bounds at level {level:g}; "
                f"at least {int(np.ceil(1 / tail - _ROUNDING)) - 1} are needed"
            )
        rows, _ = known = np.nonzero(~np.isnan(table))
        ratios = np.sort(table[known][:, None] / quantiles[rows], axis=0)
        size = len(ratios)
        ranks = [
            min(_rank(t, n, size), size) if t >= 0.5 else max(size + 1 - _rank(1 - t, n, size), 1)
            for t in LEVELS
        ]
        return cls(tuple(float(ratios[r - 1, q]) for q, r in enumerate(ranks)), n)

    def apply(self, quantiles: Floats) -> Floats:
        """Conformalised quantiles, (n, len(LEVELS)), put in order."""
        return np.sort(quantiles * np.array(self.factors), axis=-1)


def _rank(level: float, n: int, size: int) -> int:
    """Rank of a level among `size` values of n independent units; ceil(level (n + 1)) for n."""
    return int(np.ceil(level * (n + 1) * size / n - _ROUNDING)) if n else 1
