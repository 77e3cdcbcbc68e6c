"""One generated problem before it gets its id, and the draws that problems are made of."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from numpy.random import Generator

__all__ = ["Item", "Pick", "listed"]

T = TypeVar("T")


@dataclass(frozen=True)
class Item:
    """A problem with its exact answer.

    Attributes:
        text: what the model is asked.
        reference: the exact answer.
        category: kind of problem within its family.
        difficulty: 0 easy to 1 hard.
        stem: what related problems share; None for a problem of its own.
    """

    text: str
    reference: str
    category: str
    difficulty: float
    stem: str | None = None


class Pick:
    """Draws from one generator as plain Python values, so that texts hold no numpy types."""

    def __init__(self, rng: Generator) -> None:
        self._rng = rng

    def whole(self, low: int, high: int) -> int:
        """Return an integer from low to high, both included."""
        return int(self._rng.integers(low, high + 1))

    def unit(self) -> float:
        """Return a number in [0, 1)."""
        return float(self._rng.random())

    def normal(self) -> float:
        """Return a draw of the standard normal distribution."""
        return float(self._rng.standard_normal())

    def one(self, options: Sequence[T]) -> T:
        """Return one option, each equally likely."""
        return options[self.whole(0, len(options) - 1)]

    def some(self, options: Sequence[T], count: int) -> list[T]:
        """Return `count` different entries in random order, or all when there are fewer."""
        return [options[int(i)] for i in self._rng.permutation(len(options))[:count]]


def listed(text: str) -> tuple[str, ...]:
    """Return the entries of a list written as one text, with a comma and a space between them."""
    return tuple(text.split(", "))
