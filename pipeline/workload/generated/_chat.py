"""Family `chat`: short questions about well-known facts, difficult as the fact is obscure."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import product

from pipeline.workload.generated._item import Item, Pick

__all__ = ["Fact", "chat", "chat_capacity", "facts"]

_WORDINGS: dict[str, tuple[str, ...]] = {
    "capital": (
        "What is the capital of {}?",
        "Which city is {}'s capital?",
        "Name the capital city of {}.",
        "Where does {} have its capital?",
    ),
    "continent": (
        "On which continent is {}?",
        "Which continent does {} belong to?",
        "{} lies on which continent?",
    ),
    "currency": (
        "What currency is used in {}?",
        "Which money do shops in {} take?",
        "How is the currency of {} called?",
    ),
    "language": (
        "What is the language of government in {}?",
        "In which language does {} write its laws?",
        "Which language do officials use in {}?",
    ),
    "symbol": (
        "What is the chemical symbol of {}?",
        "How do chemists abbreviate {}?",
        "Which symbol has {} in the periodic table?",
    ),
    "atomic_number": (
        "What is the atomic number of {}?",
        "How many protons has one atom of {}?",
        "At which number is {} in the periodic table?",
    ),
    "author": (
        "Who wrote {}?",
        "Which author is {} by?",
        "The text called {} was written by whom?",
        "By whom is the work {}?",
    ),
    "year": (
        "What was the year of {}?",
        "Which year saw {}?",
        "When was {}, by year?",
    ),
    "landmark": (
        "In which country is {}?",
        "Which country do I visit to see {}?",
        "{} stands in which country?",
    ),
    "painter": (
        "Who painted {}?",
        "Which artist made the picture {}?",
        "The painting {} is by whom?",
    ),
    "composer": (
        "Who composed {}?",
        "Whose music is {}?",
        "Which composer wrote {}?",
    ),
    "pioneer": (
        "Who is credited with {}?",
        "Whose name goes with {} in the history of science?",
        "To whom do we owe {}?",
    ),
    "sides": (
        "How many sides has the polygon named {}?",
        "Count the sides of any {}.",
        "The shape called {} has how many corners?",
    ),
    "faces": (
        "How many faces has the solid named {}?",
        "Count the faces of any {}.",
        "The solid called {} is bounded by how many faces?",
    ),
    "unit": (
        "What quantity is measured in the unit {}?",
        "Which quantity does one {} stand for?",
        "The {} is the SI unit of what?",
    ),
    "count": (
        "How many {}?",
        "Remind me, how many {}?",
        "Settle a bet, please: how many {}?",
    ),
    "young": (
        "What do we call the young of the {}?",
        "Which word names any very young {}?",
        "The baby of the {} is called what?",
    ),
    "roman": (
        "Which number is {} in Roman numerals?",
        "Read the Roman numeral {} as digits.",
        "{} on an old clock tower means which number?",
    ),
    "formula": (
        "What is the chemical formula of {}?",
        "How is {} written as a formula?",
        "Which formula stands for {}?",
    ),
    "planet": (
        "Counting from the Sun, which place has {}?",
        "{} is which planet from the Sun, as an ordinal?",
        "What is the place of {} among the planets, as an ordinal?",
    ),
    "moon_of": (
        "Which planet does {} orbit?",
        "{} is a moon of which planet?",
        "Around which planet does the moon {} go?",
    ),
    "record": (
        "What is {}?",
        "Name {}.",
        "How do we call {}?",
    ),
}

_FRAMES = (
    "{}",
    "Quick question: {}",
    "Hi! {}",
    "{} A short answer is fine.",
    "My daughter asks: {}",
    "{} I forgot.",
    "For our quiz: {}",
    "{} Thanks!",
    "I should know this. {}",
    "{} Say why if you can.",
)


@dataclass(frozen=True)
class Fact:
    """One fact: `relation` of `subject` is `answer`; obscurity from 0 (all know it) to 1."""

    subject: str
    relation: str
    answer: str
    obscurity: float


@cache
def facts() -> tuple[Fact, ...]:
    """Return every fact of facts.tsv, in file order."""
    text = files("pipeline.workload.generated").joinpath("facts.tsv").read_text(encoding="utf-8")
    lines = [line.split("\t") for line in text.splitlines()[1:]]
    return tuple(Fact(subject, kind, answer, float(o)) for subject, kind, answer, o in lines)


def chat(pick: Pick, count: int) -> Iterator[Item]:
    """Yield `count` different phrasings of facts in random order."""
    for fact, wording, frame in pick.some(_phrasings(), count):
        subject = fact.subject
        question = wording.format(subject)
        yield Item(
            text=frame.format(question[0].upper() + question[1:]),
            reference=fact.answer,
            category=fact.relation,
            difficulty=fact.obscurity,
            stem=subject.lower(),
        )


def chat_capacity() -> int:
    """Return how many different chat prompts there are."""
    return len(_phrasings())


@cache
def _phrasings() -> tuple[tuple[Fact, str, str], ...]:
    return tuple(
        (fact, wording, frame)
        for fact in facts()
        for wording, frame in product(_WORDINGS[fact.relation], _FRAMES)
    )
