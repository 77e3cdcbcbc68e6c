"""Chains of rules on a list of words: what each rule says, and what it does."""

from collections.abc import Callable
from dataclasses import dataclass

from pipeline.workload.generated._item import Pick, listed

__all__ = ["NOUNS", "Rule", "rules"]

NOUNS = listed(
    "anchor, basket, cactus, dolphin, engine, feather, garlic, hammer, island, jacket, "
    "kettle, ladder, magnet, needle, orchid, paddle, quartz, rocket, saucer, tunnel, "
    "umbrella, velvet, walnut, yogurt, zipper, barrel, copper, donkey, elbow, falcon, goblet, "
    "helmet, iceberg, jungle, kiosk, lizard, mirror, napkin, oyster, pillow, quiver, ribbon, "
    "sponge, teapot, uncle, vessel, wagon, bamboo"
)


@dataclass(frozen=True)
class Rule:
    """One instruction and its effect on a list of words."""

    says: str
    does: Callable[[list[str]], list[str]]


# Rules of one row exclude each other, so a chain takes at most one of each row, in this order.
_ROWS: tuple[tuple[Rule, ...], ...] = (
    (
        Rule("drop the first word", lambda words: words[1:]),
        Rule("drop the last word", lambda words: words[:-1]),
        Rule("keep only every second word, from the first on", lambda words: words[::2]),
        Rule("leave out words with the letter o", lambda words: [w for w in words if "o" not in w]),
        Rule("leave out words of seven or more letters", lambda w: [x for x in w if len(x) < 7]),
    ),
    (
        Rule("sort the words alphabetically", sorted),
        Rule("sort the words in reverse alphabetical order", lambda w: sorted(w, reverse=True)),
        Rule(
            "sort by length, shortest first, and equal lengths alphabetically",
            lambda words: sorted(words, key=lambda word: (len(word), word)),
        ),
        Rule("reverse the order of the words", lambda words: words[::-1]),
    ),
    (
        Rule("write every word backwards", lambda words: [word[::-1] for word in words]),
        Rule(
            "remove all vowels (a, e, i, o, u)", lambda words: [_without_vowels(w) for w in words]
        ),
        Rule("cut every word after its fourth letter", lambda words: [w[:4] for w in words]),
        Rule("double the last letter of every word", lambda words: [w + w[-1] for w in words]),
    ),
    (
        Rule("put everything in capitals", lambda words: [word.upper() for word in words]),
        Rule("capitalise the first letter of every word", lambda w: [x.capitalize() for x in w]),
        Rule(
            "put only the first word in capitals",
            lambda words: [word.upper() if i == 0 else word for i, word in enumerate(words)],
        ),
    ),
    (
        Rule(
            "number the words from 1, like 1:word",
            lambda words: [f"{i}:{word}" for i, word in enumerate(words, 1)],
        ),
        Rule("add an exclamation mark to every word", lambda words: [f"{w}!" for w in words]),
        Rule(
            "put the length in brackets behind every word, like word(4)",
            lambda words: [f"{w}({len(w)})" for w in words],
        ),
    ),
)


def rules(pick: Pick, count: int) -> list[Rule]:
    """Draw `count` rules that can follow one another, at most five, in the order of use."""
    rows = sorted(pick.some(range(len(_ROWS)), count))
    return [pick.one(_ROWS[row]) for row in rows]


def _without_vowels(word: str) -> str:
    return "".join(letter for letter in word if letter not in "aeiou")
