"""Split-conformal bounds on a multiplicative residual."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import DataError

__all__ = ["RatioBounds"]

Floats = NDArray[np.float64]

_ROUNDING = 1e-9  # 0.05 is not a float, and 19.000000000000004 is not 20


@dataclass(frozen=True)
class RatioBounds:
    """Quantiles of actual / predicted on the calibration split.

    A new actual value lies in predicted * [low, high] with probability at least `level` if it is
    exchangeable with the calibration rows (split conformal prediction, each tail on its own).
    `median` turns the prediction into a median forecast.
    """

    low: float
    median: float
    high: float
    level: float
    n: int

    @classmethod
    def fit(cls, actual: Floats, predicted: Floats, level: float) -> "RatioBounds":
        """Fit on calibration pairs, both (n,) and above 0.

        Raises:
            DataError: there are too few pairs for a finite bound at this level.
        """
        n = len(actual)
        tail = (1 - level) / 2
        rank = int(np.ceil((1 - tail) * (n + 1) - _ROUNDING))
        if rank > n:
            raise DataError(
                f"{n} calibration pairs are too few for bounds at level {level:g}; "
                f"at least {int(np.ceil(1 / tail - _ROUNDING)) - 1} are needed"
            )
        ratio = np.sort(actual / predicted)
        return cls(
            low=float(ratio[n - rank]),
            median=float(np.median(ratio)),
            high=float(ratio[rank - 1]),
            level=level,
            n=n,
        )
