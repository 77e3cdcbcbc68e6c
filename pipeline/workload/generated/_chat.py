"""Short questions about well-known facts, from the table facts.tsv beside this file."""

import csv
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np

from pipeline.workload.generated._problem import Problem

__all__ = ["chat", "facts"]


@dataclass(frozen=True)
class Fact:
    """A subject, a relation, the answer, and how obscure it is, 0 to 1."""

    subject: str
    relation: str
    answer: str
    obscurity: float


_QUESTIONS = {
    "capital": "what is the capital of {}",
    "continent": "on which continent is {} usually placed",
    "currency": "what is the name of the currency unit of {}",
    "symbol": "what is the chemical symbol of {}",
    "atomic_number": "what is the atomic number of {}",
    "author": "who wrote {}",
}
_PHRASES = (
    "{}?",
    "Quick question: {}?",
    "I am preparing a quiz for friends. Can you tell me, {}? One sentence is enough.",
    "Hi! My daughter asked me this at breakfast and I was not sure: {}?",
    "For a crossword: {}? Please explain your answer in a sentence or two.",
    "Settle a bet for me, please: {}?",
    "We were talking about travel and books last night and somebody wondered: {}?",
    "Please answer briefly: {}?",
    "I keep forgetting this. {}? And is there an easy way to remember it?",
    "Good morning, {}? Thank you.",
    "While tidying up I found an old school test that asked: {}?",
    "Could you remind me, {}?",
    "I want to be sure before I publish a small article: {}?",
    "Someone on the train claimed to know this by heart: {}?",
)


@cache
def facts() -> tuple[Fact, ...]:
    """Every fact of the table, in file order."""
    source = resources.files("pipeline.workload.generated") / "facts.tsv"
    rows = csv.DictReader(source.read_text(encoding="utf-8").splitlines(), delimiter="\t")
    return tuple(
        Fact(row["subject"], row["relation"], row["answer"], float(row["obscurity"]))
        for row in rows
    )


def chat(rng: np.random.Generator, number: int) -> list[Problem]:
    """One question. All facts come before a phrasing comes again; difficulty is obscurity."""
    table = facts()
    place, lap = (number * 101) % len(table), number // len(table)
    fact = table[place]
    phrase = _PHRASES[(place + lap) % len(_PHRASES)]
    question = phrase.format(_QUESTIONS[fact.relation].format(fact.subject))
    text = question[:1].upper() + question[1:]
    group = f"{fact.subject} {fact.relation}"
    return [Problem(text, fact.answer, fact.obscurity, group, fact.relation)]
