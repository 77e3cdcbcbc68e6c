"""What an interval looks like, also when there is none."""

from dataclasses import asdict, dataclass, replace
from typing import Literal

__all__ = ["Alternative", "Estimate", "degenerate"]

Alternative = Literal["two-sided", "less", "greater"]


@dataclass(frozen=True)
class Estimate:
    """A number, its interval and what it rests on.

    Attributes:
        estimate: the point, in the unit of the values; None when there were no values.
        low: lower bound; None together with `high` when no interval can be given.
        high: upper bound.
        level: confidence level of the interval, for example 0.95.
        method: how it was made, or ``"degenerate: <reason>"``.
        n: values used.
        clusters: independent units among them: clusters of prompts, or runs.
        missing: values the caller left out because they were null.
    """

    estimate: float | None
    low: float | None
    high: float | None
    level: float
    method: str
    n: int
    clusters: int
    missing: int = 0

    def within(self, least: float, most: float) -> "Estimate":
        """The same, its bounds ended where the unit ends: a t interval of a share knows no 1."""
        if self.low is None or self.high is None:
            return self
        return replace(self, low=max(least, self.low), high=min(most, self.high))

    def as_row(self) -> dict[str, object]:
        """The fields by name, ready for a table."""
        return asdict(self)


def degenerate(
    reason: str,
    estimate: float | None,
    *,
    level: float,
    n: int,
    clusters: int,
    missing: int = 0,
) -> Estimate:
    """The result for data that carry a point at most: no bounds, and the reason as the method."""
    return Estimate(estimate, None, None, level, f"degenerate: {reason}", n, clusters, missing)
