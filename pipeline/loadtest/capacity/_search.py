"""The last step of a ladder that still holds: bracketed, then halved."""

from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Bracket", "last_step"]


@dataclass(frozen=True, slots=True)
class Bracket:
    """Where a search ended.

    Attributes:
        low: a step that held, None if none was found.
        high: a step above it that did not, None if none was found.
        tried: how many steps were.
    """

    low: int | None
    high: int | None
    tried: int

    @property
    def closed(self) -> bool:
        """Whether nothing lies between a step that held and the one above it, which did not."""
        return self.low is not None and self.high is not None and self.high - self.low == 1


def last_step(
    holds: Callable[[int], bool], stride: int, lowest: int, highest: int, budget: int
) -> Bracket:
    """Search the steps from `lowest` to `highest`, beginning at 0, for the last one that holds.

    It goes up in strides until one does not hold, or down until one does, and halves what lies
    between. Where noise makes some steps hold above others that do not, it ends at one of the
    places where a step that holds is followed by one that does not.

    Args:
        holds: whether a step does; asked at most once about each.
        stride: steps at a time while one end is missing, at least 1.
        lowest, highest: ends of the ladder, around 0.
        budget: most steps to try.
    """
    low: int | None = None
    high: int | None = None
    at = tried = 0
    while tried < budget and (low is None or high is None or high - low > 1):
        tried += 1
        if holds(at):
            low = at
        else:
            high = at
        if low is None:
            if at == lowest:
                break
            at = max(at - stride, lowest)
        elif high is None:
            if at == highest:
                break
            at = min(at + stride, highest)
        else:
            at = (low + high) // 2
    return Bracket(low, high, tried)
