"""Stories of one growing and shrinking heap of things: a start, events, and what is left."""

from collections.abc import Callable
from dataclasses import dataclass

from pipeline.workload.generated._item import Pick

__all__ = ["Event", "Story", "tell"]

# How each kind of event changes the heap; the wordings below name the numbers n and k in order.
_EFFECTS: dict[str, Callable[..., int]] = {
    "gain": lambda heap, n: heap + n,
    "loss": lambda heap, n: heap - n,
    "packs": lambda heap, n, k: heap + n * k,
    "handout": lambda heap, n, k: heap - n * k,
    "daily": lambda heap, n, k: heap + n * k,
    "weekly": lambda heap, n, k: heap + 7 * n * k,
    "times": lambda heap, n: heap * n,
    "share": lambda heap, n: heap // n,
    "fraction": lambda heap, n: heap - heap // n,
    "percent": lambda heap, n: heap + heap * n // 100,
    "swap": lambda heap, n, k: heap - n + k,
}

_WORDINGS: dict[str, tuple[str, ...]] = {
    "gain": (
        "A neighbour brings {who} {n} more {what}.",
        "{who} buys {n} {what} at the market.",
        "Behind an old shelf {who} finds another {n} {what}.",
        "A parcel with {n} {what} arrives by post.",
        "{friend} returns the {n} {what} borrowed last year.",
    ),
    "loss": (
        "{who} sells {n} {what} to a passer-by.",
        "{n} {what} turn out to be broken and are thrown away.",
        "{friend} needs {n} {what} and gets them as a gift.",
        "On the way home {n} {what} fall into the river.",
        "{who} leaves {n} {what} at the town museum.",
    ),
    "packs": (
        "Then {n} crates come in, each holding {k} {what}.",
        "{who} wins {n} bags of {k} {what} in a raffle.",
        "{friend} drops off {n} trays with {k} {what} on every tray.",
        "An aunt sends {n} boxes, and every box has {k} {what}.",
    ),
    "handout": (
        "{n} children come by, and each of them receives {k} {what}.",
        "{who} fills {n} jars with {k} {what} apiece and donates the jars.",
        "For a fair, {n} helpers take {k} {what} each.",
        "{who} pays {n} workers with {k} {what} per worker.",
    ),
    "daily": (
        "For {n} days in a row {who} adds {k} {what} a day.",
        "Over the following {n} mornings {friend} delivers {k} {what} every morning.",
        "{who} makes {k} {what} on each of the next {n} evenings.",
    ),
    "weekly": (
        "During {n} full weeks {who} collects {k} {what} every single day.",
        "{friend} supplies {k} {what} daily, Sundays too, for {n} weeks.",
    ),
    "times": (
        "A lucky deal makes the number of {what} grow to {n} times what it was.",
        "{who} trades with a dealer and ends up with {n} times as many {what}.",
        "After a merger with another collection there are {n} times as many {what} as before.",
    ),
    "share": (
        "{who} splits everything evenly among {n} cousins, {who} being one of them, "
        "and carries on with one share.",
        "The {what} are divided into {n} equal heaps, and {who} keeps just one heap.",
    ),
    "fraction": (
        "One out of every {n} {what} is given to a school.",
        "A storm ruins exactly 1/{n} of the {what}.",
        "{friend} asks for 1/{n} of all the {what} and gets them.",
    ),
    "percent": (
        "In the next season the stock of {what} rises by {n} percent.",
        "A sponsor adds {n}% to the {what} that are there.",
    ),
    "swap": (
        "{who} exchanges {n} {what} for {k} smaller {what}.",
        "At a swap meet {who} hands over {n} {what} and takes home {k} others.",
    ),
}

# Numbers of each size run from the first to the second; a heap stays below _MOST.
_SIZES = ((2, 9), (6, 24), (15, 80), (40, 300))
_MOST = 2_000_000
_TRIES = 30


@dataclass(frozen=True)
class Event:
    """Something that happens to the heap: its kind, its numbers and the sentence that tells it."""

    kind: str
    numbers: tuple[int, ...]
    sentence: str

    def apply(self, heap: int) -> int:
        """Return how many things there are afterwards."""
        return _EFFECTS[self.kind](heap, *self.numbers)


@dataclass(frozen=True)
class Story:
    """A heap of `start` things that belong to `who`, and the events in order."""

    who: str
    what: str
    start: int
    events: tuple[Event, ...]

    @property
    def total(self) -> int:
        """How many things there are after the last event."""
        heap = self.start
        for event in self.events:
            heap = event.apply(heap)
        return heap


def tell(pick: Pick, who: str, friend: str, what: str, steps: int, size: int) -> Story:
    """Make a story of `steps` events with numbers of a size from 0 (small) to 3 (large)."""
    low, high = _SIZES[size]
    start = heap = pick.whole(3 * low, 3 * high)
    events: list[Event] = []
    for _ in range(steps):
        kind, numbers = _next(pick, heap, size)
        sentence = pick.one(_WORDINGS[kind]).format(
            who=who, friend=friend, what=what, n=numbers[0], k=numbers[-1]
        )
        events.append(Event(kind, numbers, sentence))
        heap = events[-1].apply(heap)
    return Story(who, what, start, tuple(events))


def _next(pick: Pick, heap: int, size: int) -> tuple[str, tuple[int, ...]]:
    """Draw a kind and numbers that keep the heap a positive whole number."""
    for _ in range(_TRIES):
        kind = pick.one(tuple(_EFFECTS))
        numbers = _numbers(pick, kind, size)
        after = _EFFECTS[kind](heap, *numbers)
        if 0 < after < _MOST and after != heap and _possible(kind, heap, numbers[0]):
            return kind, numbers
    return "gain", (pick.whole(*_SIZES[size]),)


def _numbers(pick: Pick, kind: str, size: int) -> tuple[int, ...]:
    low, high = _SIZES[size]
    if kind in ("times", "share", "fraction"):
        return (pick.whole(2, 5 + size),)
    if kind == "percent":
        return (pick.one((5, 10, 20, 25, 40, 50)),)
    if kind in ("gain", "loss"):
        return (pick.whole(low, high),)
    if kind == "swap":
        return pick.whole(low, high), pick.whole(low, high)
    return pick.whole(2, 6 + 2 * size), pick.whole(low, max(low + 1, high // 2))


def _possible(kind: str, heap: int, n: int) -> bool:
    """Tell whether nothing is cut into pieces, and nothing given away that is not there."""
    if kind in ("share", "fraction"):
        return heap % n == 0
    if kind == "percent":
        return heap * n % 100 == 0
    return kind != "swap" or n < heap
