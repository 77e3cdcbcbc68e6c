"""Split-conformal bounds on a multiplicative residual."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import DataError

__all__ = ["RatioBounds"]

Floats = NDArray[np.float64]

_LEVELS = np.linspace(0.0, 1.0, 101)
_ROUNDING = 1e-9  # 0.05 is not a float, and 19.000000000000004 is not 20


@dataclass(frozen=True)
class RatioBounds:
    """Quantiles of actual / predicted on the calibration split.

    A new actual value lies in predicted * [low, high] with probability at least `level` if it is
    exchangeable with the calibration rows (split conformal prediction, each tail on its own).
    `median` turns the prediction into a median forecast.

    Attributes:
        low, median, high: factors on a prediction.
        level: coverage of [low, high].
        n: calibration pairs.
        quantiles: of the calibration ratios, at 101 even levels from 0 to 1.
    """

    low: float
    median: float
    high: float
    level: float
    n: int
    quantiles: tuple[float, ...]

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
            quantiles=tuple(np.quantile(ratio, _LEVELS).tolist()),
        )

    def at(self, levels: Floats) -> Floats:
        """Quantiles of actual / predicted at levels between 0 and 1, same shape."""
        found: Floats = np.interp(levels, _LEVELS, self.quantiles)
        return found

    def probability(self, ratio: Floats) -> Floats:
        """P(actual / predicted <= ratio) of a new pair, same shape; NaN where `ratio` is.

        It is never above what n exchangeable calibration pairs support: 0 below the smallest of
        them, and n / (n + 1) from the largest on, since the next one may be larger still.
        """
        reached: Floats = np.interp(ratio, self.quantiles, _LEVELS, left=0.0)
        return reached * (self.n / (self.n + 1))
