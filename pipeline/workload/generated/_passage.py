"""Passages about invented people, and questions whose answer is a span of them."""

import numpy as np

from pipeline.workload.generated._problem import Problem

__all__ = ["passage"]

_FIRST = [
    "Alva",
    "Berto",
    "Corin",
    "Dessa",
    "Edrik",
    "Fenna",
    "Garrick",
    "Hollis",
    "Ilsa",
    "Jorun",
    "Kester",
    "Linnea",
    "Maddox",
    "Nerys",
    "Orlan",
    "Petra",
    "Quill",
    "Rasmus",
    "Sabine",
    "Torvald",
    "Ulla",
    "Viggo",
    "Wren",
    "Xenia",
    "Ysolde",
    "Zander",
]
_LAST = [
    "Ashdown",
    "Brackwater",
    "Carrow",
    "Dunmere",
    "Eastlake",
    "Farrowgate",
    "Greystone",
    "Hartwell",
    "Ironside",
    "Juniper",
    "Kestrel",
    "Larkspur",
    "Marlowe",
    "Northcott",
    "Oakhurst",
    "Penrose",
    "Quarry",
    "Rookwood",
    "Stillwater",
    "Thornbury",
]
_TOWNS = [
    "Velmora",
    "Kindrel",
    "Tarnholt",
    "Mirefield",
    "Sundara",
    "Eskerby",
    "Port Lindow",
    "Graywick",
    "Hollin",
    "Ambervale",
    "Northfen",
    "Quellin",
    "Rosmere",
    "Stonebridge",
    "Wexcombe",
]
_TRADES = [
    "cartographer",
    "glassblower",
    "botanist",
    "clockmaker",
    "shipwright",
    "printer",
    "beekeeper",
    "architect",
    "astronomer",
    "violin maker",
    "physician",
    "geologist",
]
_WORKS = [
    "a lighthouse",
    "a seed archive",
    "a stone bridge",
    "an observatory",
    "a free school",
    "a ferry line",
    "a printing house",
    "a botanical garden",
    "a music hall",
    "a canal lock",
]
_PRIZES = [
    "Silver Compass",
    "Amber Lantern",
    "Golden Acorn",
    "Blue Heron Medal",
    "Founders' Cup",
    "Tidewater Prize",
]
_FILLER = (
    "The winters in the region were long and quiet.",
    "Visitors still remark on the narrow streets and the painted doors.",
    "Several newspapers of the time carried short notices about the event.",
    "The local council kept careful records, most of which survive.",
    "A small plaque was put up many years afterwards.",
    "Opinions about the plan were divided at first.",
    "The river floods the lower meadows almost every spring.",
    "Letters from that period are kept in the town archive.",
)


def _person(rng: np.random.Generator) -> str:
    return f"{rng.choice(_FIRST)} {rng.choice(_LAST)}"


def _life(rng: np.random.Generator, who: str) -> list[tuple[str, str, str, bool]]:
    """Facts of one person: sentence, question, answer, and whether two sentences are needed."""
    short = who.split()[0]
    town, other = rng.choice(_TOWNS, 2, replace=False)
    trade, work, prize = rng.choice(_TRADES), rng.choice(_WORKS), rng.choice(_PRIZES)
    born = int(rng.integers(1802, 1899))
    built, cost = born + int(rng.integers(24, 50)), int(rng.integers(12, 980)) * 100
    helper = _person(rng)
    return [
        (
            f"{who} was born in {town} in {born} and trained as a {trade}.",
            f"What did {who} train as?",
            str(trade),
            False,
        ),
        (
            f"In {built}, {short} founded {work} in {other} at a cost of {cost:,} crowns.",
            f"In which town did {short}, the {trade}, found {work}?",
            str(other),
            True,
        ),
        (
            f"The work was finished with the help of {helper}, who lent the money for the roof.",
            f"Who lent {short} the money for the roof?",
            helper,
            True,
        ),
        (
            f"Two years after that, {short} was awarded the {prize}.",
            f"Which award did {who} receive?",
            str(prize),
            False,
        ),
        (
            f"By the age of sixty {short} had moved back to {town} and wrote "
            f"{built - born} essays.",
            f"How many essays did {short} write after moving back to {town}?",
            str(built - born),
            False,
        ),
    ]


def passage(rng: np.random.Generator, number: int) -> list[Problem]:
    """One passage with two to four questions; a second life in it distracts from the first."""
    names: set[str] = set()
    while len(names) < 2:
        names.add(_person(rng))
    who, rival = (str(name) for name in rng.permutation(sorted(names)))
    if who.split()[0] == rival.split()[0]:
        rival = f"{_FIRST[(_FIRST.index(who.split()[0]) + 1) % len(_FIRST)]} {rival.split()[1]}"
    facts = _life(rng, who)
    distractors = int(rng.integers(0, 5))
    sentences = [sentence for sentence, *_ in facts]
    sentences += [sentence for sentence, *_ in _life(rng, rival)[:distractors]]
    fillers = [str(text) for text in rng.choice(_FILLER, int(rng.integers(0, 4)), replace=False)]
    for text in fillers:
        sentences.insert(int(rng.integers(1, len(sentences) + 1)), text)
    body = " ".join(sentences)
    chosen = rng.choice(len(facts), int(rng.integers(2, 5)), replace=False)
    problems = []
    for index in sorted(int(i) for i in chosen):
        _, question, answer, two = facts[index]
        difficulty = 0.1 + 0.12 * distractors + 0.05 * len(fillers) + (0.25 if two else 0.0)
        problems.append(
            Problem(
                "Answer the question with a few words from the passage.\n"
                f"Passage: {body}\nQuestion: {question}",
                answer,
                float(min(1.0, difficulty)),
                f"passage {number}",
                "two sentences" if two else "one sentence",
            )
        )
    return problems
