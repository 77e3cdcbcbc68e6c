"""How many of each kind: shares of a total within floors and caps, whole numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from pipeline.errors import DataError

__all__ = ["Want", "allocate"]


@dataclass(frozen=True)
class Want:
    """The weight of one kind, and the least and the most that it may get."""

    weight: float
    low: int
    high: int


def allocate(total: int, wants: Sequence[Want]) -> list[int]:
    """Divide `total` in proportion to the weights, within bounds.

    A kind at its bound leaves the rest to the others. Where all bounds together allow fewer than
    `total`, every kind gets the most that it may.

    Args:
        total: of all n kinds together.
        wants: n weights and bounds, with 0 <= low <= high.

    Returns:
        n counts, each within its bounds, by largest remainder; the first of equal remainders wins.

    Raises:
        DataError: the lower bounds add up to more than `total`.
    """
    if sum(want.low for want in wants) > total:
        raise DataError(f"the floors add up to more than the total of {total}")
    total = min(total, sum(want.high for want in wants))
    counts: dict[int, int] = {}
    while len(counts) < len(wants):
        shares = _shares(total - sum(counts.values()), wants, counts)
        moved = {i: _within(share, wants[i]) - share for i, share in shares.items()}
        excess = sum(moved.values())
        # More was added at floors than taken at caps: those at a floor are final, and the reverse.
        final = [i for i, move in moved.items() if (move > 0 if excess > 0 else move < 0)]
        if excess == 0:
            return _rounded(total, shares, wants, counts)
        counts |= {i: int(_within(shares[i], wants[i])) for i in final}
    return [counts[i] for i in range(len(wants))]


def _shares(left: int, wants: Sequence[Want], counts: dict[int, int]) -> dict[int, Fraction]:
    """What the kinds without a final count would get of what is left, by weight alone."""
    open_ = [i for i in range(len(wants)) if i not in counts]
    weights = sum(Fraction(wants[i].weight) for i in open_)
    return {i: left * Fraction(wants[i].weight) / weights for i in open_}


def _within(share: Fraction, want: Want) -> Fraction:
    return min(max(share, Fraction(want.low)), Fraction(want.high))


def _rounded(
    total: int, shares: dict[int, Fraction], wants: Sequence[Want], counts: dict[int, int]
) -> list[int]:
    bounded = {i: _within(share, wants[i]) for i, share in shares.items()}
    counts = counts | {i: int(share) for i, share in bounded.items()}
    missing = total - sum(counts.values())
    by_remainder = sorted(bounded, key=lambda i: (int(bounded[i]) - bounded[i], i))
    for i in by_remainder[:missing]:
        counts[i] += 1
    return [counts[i] for i in range(len(wants))]
