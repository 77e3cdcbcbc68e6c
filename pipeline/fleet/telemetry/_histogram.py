"""A Prometheus histogram: what can be known from its buckets, and what cannot."""

import math
from dataclasses import dataclass

__all__ = ["Histogram"]


@dataclass(frozen=True, slots=True)
class Histogram:
    """Observations by bucket since the server started, or in an interval.

    Attributes:
        bounds: upper bounds, ascending, without the infinite one; seconds here; (B,).
        counts: observations in each bucket, not cumulative; the last is above every bound; (B+1,).
        total: sum of the observations, seconds.
    """

    bounds: tuple[float, ...]
    counts: tuple[int, ...]
    total: float

    @property
    def count(self) -> int:
        """How many observations there are."""
        return sum(self.counts)

    @property
    def mean(self) -> float | None:
        """The mean, exact; None where nothing was observed."""
        return self.total / self.count if self.count else None

    def quantile(self, share: float) -> float | None:
        """Interpolate linearly inside the bucket that holds the quantile.

        Returns:
            Seconds; None where nothing was observed; infinity where all that is known is that it
            lies above the last bound.

        Raises:
            ValueError: share is outside 0..1.
        """
        if not 0 <= share <= 1:
            raise ValueError(f"a quantile is a share between 0 and 1, not {share:g}")
        rank, below = share * self.count, 0
        lower = min(0.0, self.bounds[0]) if self.bounds else 0.0
        for upper, inside in zip((*self.bounds, math.inf), self.counts, strict=True):
            if inside and rank <= below + inside:
                return lower + (upper - lower) * _share(rank - below, inside, upper)
            below, lower = below + inside, upper
        return None

    def since(self, earlier: "Histogram") -> "Histogram":
        """Return what was observed after `earlier`, a reading of the same histogram.

        Raises:
            ValueError: the bounds differ or a bucket shrank, so it is not the same histogram.
        """
        if not self.continues(earlier):
            raise ValueError("the later histogram does not continue the earlier one")
        gained = (late - early for late, early in zip(self.counts, earlier.counts, strict=True))
        return Histogram(self.bounds, tuple(gained), self.total - earlier.total)

    def continues(self, earlier: "Histogram") -> bool:
        """Whether this can be a later reading of the same histogram."""
        return self.bounds == earlier.bounds and all(
            late >= early for late, early in zip(self.counts, earlier.counts, strict=True)
        )


def _share(part: float, whole: float, upper: float) -> float:
    return 1.0 if math.isinf(upper) else part / whole
