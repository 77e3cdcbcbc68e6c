"""The one result type: no bare float leaves this package for print."""

from dataclasses import asdict, dataclass

__all__ = ["Estimate", "degenerate"]


@dataclass(frozen=True)
class Estimate:
    """A number with its uncertainty.

    Attributes:
        estimate: the point; None when there is nothing to estimate from.
        low, high: ends of the interval; None when no honest one exists, and `method` says why.
        level: nominal coverage.
        method: how the interval was made, or "degenerate: REASON".
        n: values used.
        clusters: independent units among them.
        missing: values that were null and left out.
    """

    estimate: float | None
    low: float | None
    high: float | None
    level: float
    method: str
    n: int
    clusters: int
    missing: int = 0

    def as_row(self) -> dict[str, float | int | str | None]:
        """The fields as one row of a table."""
        return asdict(self)


def degenerate(
    estimate: float | None, reason: str, level: float, n: int, clusters: int, missing: int = 0
) -> Estimate:
    """A point without an interval, and why."""
    return Estimate(estimate, None, None, level, f"degenerate: {reason}", n, clusters, missing)
