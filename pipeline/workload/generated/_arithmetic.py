"""Family `arithmetic`: word problems of two to eight steps, longer and larger when harder."""

import re
from collections.abc import Callable, Iterator

from pipeline.workload.generated._item import Item, Pick, listed
from pipeline.workload.generated._story import Story, tell

__all__ = ["arithmetic", "word_problem"]

_NAMES = listed(
    "Mara, Tobias, Ilse, Farid, Oksana, Bruno, Leila, Henrik, Paloma, Idris, Greta, Kofi, "
    "Sanna, Mateo, Noor, Anselm, Yuki, Dario, Thandi, Emil, Rosa, Viktor, Amina, Lorcan, "
    "Petra, Jonas, Chiara, Samir, Elif, Oskar, Nadia, Callum, Ines, Rafael, Freya, Tomas, "
    "Zuri, Arlo, Mina, Stefan"
)
_THINGS = listed(
    "marbles, pears, candles, stamps, buttons, seed packets, clay tiles, postcards, walnuts, "
    "lanterns, paper boats, shells, wooden spoons, badges, light bulbs, tulip bulbs, bricks, "
    "coins, beads, horseshoes, teacups, notebooks, pine cones, ribbons, keys, corks, "
    "feathers, dominoes, lemons, fishing hooks, picture frames, bells, quills, spare wheels, "
    "honey jars, acorns, puzzle pieces, pencils"
)
_OPENINGS = (
    "{who} starts the spring with {start} {what} in a shed.",
    "In a workshop by the harbour, {who} keeps {start} {what}.",
    "{who} inherited {start} {what} from a great-uncle.",
    "At the village fair {who} sets up a stall with {start} {what}.",
    "There are {start} {what} in the attic, all owned by {who}.",
    "When the inventory begins, {who} counts {start} {what}.",
    "{who} and {friend} run a small shop; on Monday it stocks {start} {what}.",
    "A train brings {start} {what} to {who}, who lives far up the valley.",
    "To decorate the hall, {who} has gathered {start} {what}.",
    "On the first page of a ledger {who} writes down {start} {what}.",
)

_Ending = tuple[str, Callable[[int, int], int]]
_PLAIN: tuple[str, ...] = (
    "How many {what} does {who} have now?",
    "How many {what} are there in the end?",
    "What is the final number of {what}?",
    "Work out how many {what} remain with {who}.",
)
_TURNED: tuple[_Ending, ...] = (
    ("If each of the {what} is worth {n} coins, what are they all worth?", lambda t, n: t * n),
    ("How many bags can be filled completely with {n} {what} each?", lambda t, n: t // n),
    ("{friend} owns {n} more {what} than that. How many does {friend} own?", lambda t, n: t + n),
    ("How many {what} are left over if they are packed by {n}?", lambda t, n: t % n),
)
_ASKS = ("", " Give one whole number.", " Explain your steps.", " Answer with a number at the end.")


def arithmetic(pick: Pick, _count: int) -> Iterator[Item]:
    """Yield word problems without end; a reference is never one of the numbers in its text."""
    while True:
        text, reference, story = word_problem(pick)
        if str(reference) not in re.findall(r"\d+", text):
            yield Item(text, str(reference), f"{len(story.events)} steps", _difficulty(story))


def word_problem(pick: Pick) -> tuple[str, int, Story]:
    """Return a problem's text, its answer and the story whose total the last question may turn."""
    who, friend = pick.some(_NAMES, 2)
    what = pick.one(_THINGS)
    names = {"who": who, "friend": friend, "what": what}
    story = tell(pick, who, friend, what, pick.whole(2, 8), pick.whole(0, 3))
    opening = pick.one(_OPENINGS).format(start=story.start, **names)
    ending, answer = _ending(pick, story, names)
    sentences = [opening, *(event.sentence for event in story.events), ending]
    return " ".join(sentences) + pick.one(_ASKS), answer, story


def _ending(pick: Pick, story: Story, names: dict[str, str]) -> tuple[str, int]:
    if pick.unit() < 0.6:
        return pick.one(_PLAIN).format(**names), story.total
    wording, turn = pick.one(_TURNED)
    n = pick.whole(2, 12)
    return wording.format(n=n, **names), turn(story.total, n)


def _difficulty(story: Story) -> float:
    largest = max(story.start, *(n for event in story.events for n in event.numbers))
    return 0.75 * (len(story.events) - 2) / 6 + 0.25 * min(1.0, (len(str(largest)) - 1) / 2)
