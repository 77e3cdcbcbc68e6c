"""A predictive distribution as quantiles at declared levels."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["LEVELS", "Distribution", "quantile_place"]

Floats = NDArray[np.float64]

# Where every learner states its quantiles. A predicted interval lies between two of them.
LEVELS = (0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99)


def quantile_place(level: float) -> int:
    """Place of a level among `LEVELS`; raises ValueError for another one."""
    return LEVELS.index(round(level, 10))


@dataclass(frozen=True)
class Distribution:
    """Quantiles of n rows and C columns at `LEVELS`.

    Attributes:
        values: (n, C, len(LEVELS)), above 0 and not decreasing along the last axis.
    """

    values: Floats

    @classmethod
    def point(cls, mean: Floats) -> "Distribution":
        """All quantiles at the expectation, (n, C): what a learner says that knows no spread."""
        return cls(np.repeat(mean[:, :, None], len(LEVELS), axis=2))

    @classmethod
    def sorted(cls, values: Floats) -> "Distribution":
        """Quantiles that were fitted one by one and may cross, put in order (Chernozhukov 2010)."""
        return cls(np.sort(values, axis=2))

    def at(self, level: float) -> Floats:
        """The quantile at one of `LEVELS`, (n, C)."""
        found: Floats = self.values[:, :, quantile_place(level)]
        return found

    def probability(self, limit: Floats) -> Floats:
        """P(value <= limit), (n, C), for limits (n, C) or (n, 1).

        Linear in the logarithm between the quantiles; 0 below the lowest and the highest level
        from the highest on, because nothing is known beyond them.
        """
        limits = np.broadcast_to(limit, self.values.shape[:2])
        with np.errstate(divide="ignore"):
            knots, asked = np.log(self.values), np.log(np.maximum(limits, 0.0))
        out = np.zeros(limits.shape)
        levels = np.array(LEVELS)
        above = (asked[:, :, None] >= knots).sum(axis=2)
        inside = (above > 0) & (above < len(LEVELS))
        out[above == len(LEVELS)] = levels[-1]
        rows, columns = np.nonzero(inside)
        place = above[rows, columns]
        low, high = knots[rows, columns, place - 1], knots[rows, columns, place]
        share = (asked[rows, columns] - low) / (high - low)
        out[rows, columns] = levels[place - 1] + share * (levels[place] - levels[place - 1])
        return out
