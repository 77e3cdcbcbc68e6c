"""Word problems of two to eight steps, composed from events that change one quantity."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pipeline.workload.generated._problem import Problem

__all__ = ["arithmetic"]

_PEOPLE = [
    "Ada",
    "Bruno",
    "Chiara",
    "Dmitri",
    "Elif",
    "Farid",
    "Greta",
    "Hana",
    "Ivo",
    "Jonas",
    "Kaya",
    "Lena",
    "Marco",
    "Nadia",
    "Oskar",
    "Priya",
    "Quentin",
    "Rosa",
    "Samir",
    "Tara",
    "Umberto",
    "Vera",
    "Wanda",
    "Yusuf",
    "Zoe",
]
_PLACES = [
    "bakery",
    "orchard",
    "library",
    "workshop",
    "school canteen",
    "garden centre",
    "harbour office",
    "toy shop",
    "print shop",
    "farm stall",
    "museum shop",
    "bicycle depot",
    "tea house",
    "paper mill",
    "flower market",
]
_THINGS = [
    "loaves",
    "apples",
    "books",
    "screws",
    "sandwiches",
    "seedlings",
    "crates",
    "marbles",
    "posters",
    "eggs",
    "postcards",
    "bicycles",
    "tea boxes",
    "notebooks",
    "bouquets",
    "candles",
    "jars",
    "tickets",
    "bottles",
    "tiles",
]
_TIMES = [
    "In the morning",
    "Before lunch",
    "At noon",
    "In the afternoon",
    "Later",
    "The next day",
    "At closing",
]


@dataclass(frozen=True)
class _Event:
    """A sentence about the quantity, and what it does to it; None when it cannot happen."""

    weight: float
    tell: Callable[[np.random.Generator, int, str, str], tuple[str, int] | None]


def _gain(rng: np.random.Generator, now: int, who: str, things: str) -> tuple[str, int]:
    more = int(rng.integers(3, 90))
    verb = rng.choice(["receives", "buys", "finds", "is given", "orders"])
    return f"{who} {verb} {more} more {things}", now + more


def _loss(rng: np.random.Generator, now: int, who: str, things: str) -> tuple[str, int] | None:
    if now < 4:
        return None
    less = int(rng.integers(2, max(3, now // 2)))
    verb = rng.choice(["sells", "gives away", "uses", "loses", "throws out"])
    return f"{who} {verb} {less} {things}", now - less


def _double(rng: np.random.Generator, now: int, who: str, things: str) -> tuple[str, int] | None:
    factor = int(rng.integers(2, 5))
    if now * factor > 20_000:
        return None
    word = {2: "doubles", 3: "triples", 4: "quadruples"}[factor]
    return f"a delivery {word} the number of {things} that {who} has", now * factor


def _share(rng: np.random.Generator, now: int, who: str, things: str) -> tuple[str, int] | None:
    parts = [d for d in range(2, 10) if now % d == 0 and now // d > 1]
    if not parts:
        return None
    divisor = int(rng.choice(parts))
    text = f"{who} divides the {things} equally among {divisor} shelves and keeps only one shelf"
    return text, now // divisor


def _percent(rng: np.random.Generator, now: int, who: str, things: str) -> tuple[str, int] | None:
    shares = [p for p in (10, 20, 25, 40, 50, 75) if now * p % 100 == 0 and now > 10]
    if not shares:
        return None
    share = int(rng.choice(shares))
    return (
        f"{share} percent of the {things} turn out to be damaged and are removed",
        now - now * share // 100,
    )


def _batches(rng: np.random.Generator, now: int, who: str, things: str) -> tuple[str, int]:
    boxes, each = int(rng.integers(2, 12)), int(rng.integers(3, 25))
    return f"{who} unpacks {boxes} boxes with {each} {things} in each", now + boxes * each


_EVENTS = (
    _Event(1.0, _gain),
    _Event(1.0, _loss),
    _Event(0.6, _double),
    _Event(0.6, _share),
    _Event(0.6, _percent),
    _Event(0.9, _batches),
)
_WEIGHTS = np.array([event.weight for event in _EVENTS]) / sum(event.weight for event in _EVENTS)


def arithmetic(rng: np.random.Generator, number: int) -> list[Problem]:
    """One story. Difficulty grows with its steps and with the size of its numbers."""
    steps = 2 + number % 7
    who, place = str(rng.choice(_PEOPLE)), str(rng.choice(_PLACES))
    things = str(rng.choice(_THINGS))
    start = int(rng.integers(8, 60 * (1 + steps)))
    sentences = [f"{who} works at a {place} and starts the day with {start} {things}."]
    now, largest = start, start
    for _ in range(steps):
        told = None
        while told is None:
            told = _EVENTS[rng.choice(len(_EVENTS), p=_WEIGHTS)].tell(rng, now, who, things)
        sentence, now = told
        largest = max(largest, now)
        sentences.append(f"{rng.choice(_TIMES)}, {sentence}.")
    if rng.random() < 0.4:
        distractor = f"The {place} is {int(rng.integers(2, 90))} years old."
        sentences.insert(int(rng.integers(1, len(sentences))), distractor)
    sentences.append(f"How many {things} are left with {who} at the end?")
    size = min(1.0, np.log10(max(largest, 10)) / 4)
    difficulty = 0.75 * (steps - 2) / 6 + 0.25 * size
    text = " ".join(sentences) + " Show the steps briefly and end with the number alone."
    return [Problem(text, str(now), float(difficulty), f"story {number}", f"{steps} steps")]
