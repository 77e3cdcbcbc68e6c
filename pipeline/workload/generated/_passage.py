"""Family `passage`: questions on an invented passage whose answers are exact spans of it."""

from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.workload.generated._item import Item, Pick
from pipeline.workload.generated._venture import ASIDES, FIELDS, Venture, ventures

__all__ = ["passages"]

_ASKS = (
    "Read the passage and answer with exact words from it.",
    "Answer the question from the text below. Copy the answer word for word.",
    "Use only this passage. The answer is a span of it.",
    "Here is a short text, followed by one question about it.",
)
_MOST_SENTENCES = 10


@dataclass(frozen=True)
class _Told:
    """A fact that the passage states."""

    venture: Venture
    field: str

    @property
    def value(self) -> str:
        return self.venture.values[self.field]


def passages(pick: Pick, count: int) -> Iterator[Item]:
    """Yield questions, two to four on each passage, so that no passage of `count` has only one."""
    number = made = 0
    while True:
        told, text = _passage(pick)
        questions = _questions(pick, told, _how_many(pick, count - made, len(told)))
        for question, answer, difficulty, hops in questions:
            yield Item(
                text=f"{pick.one(_ASKS)}\n\n{text}\n\nQuestion: {question}",
                reference=answer,
                category="two sentences" if hops else "one sentence",
                difficulty=difficulty,
                stem=f"{number:05d}",
            )
        made += len(questions)
        number += 1


def _how_many(pick: Pick, left: int, most: int) -> int:
    """Draw 2 to 4 questions, at most one a fact, and never so that one question is left over."""
    return pick.one([n for n in (2, 3, 4) if n <= most and left - n != 1])


def _passage(pick: Pick) -> tuple[list[_Told], str]:
    length = pick.whole(4, _MOST_SENTENCES)
    made = ventures(pick, pick.whole(1 + (length > 4), 1 + length // 3))
    fields = pick.some(tuple(FIELDS), 2 + length // 4)
    possible = [_Told(venture, field) for venture in made for field in fields]
    asides = pick.whole(0, min(2, length - 3))
    told = pick.some(possible, length - asides)
    sentences = [_sentence(pick, fact) for fact in told]
    sentences += pick.some(ASIDES, length - len(sentences))
    return told, " ".join(pick.some(sentences, length))


def _sentence(pick: Pick, fact: _Told) -> str:
    told = pick.one(FIELDS[fact.field].told)
    text = told.format(name=fact.venture.name, value=fact.value)
    return text[0].upper() + text[1:]


def _questions(pick: Pick, told: list[_Told], count: int) -> list[tuple[str, str, float, bool]]:
    """Return question, answer, difficulty and whether it takes two sentences, for each question."""
    questions = []
    for fact in pick.some(told, count):
        hints = [o for o in told if o.venture is fact.venture and o.field != fact.field]
        hint = pick.one(hints) if hints and pick.unit() < 0.5 else None
        question = pick.one(FIELDS[fact.field].asked).format(it=_called(fact.venture, hint))
        questions.append((question, fact.value, _difficulty(fact, told, hint), hint is not None))
    return questions


def _called(venture: Venture, hint: _Told | None) -> str:
    if hint is None:
        return venture.name
    return FIELDS[hint.field].described.format(kind=venture.kind, value=hint.value)


def _difficulty(fact: _Told, told: list[_Told], hint: _Told | None) -> float:
    rivals = sum(other.field == fact.field for other in told) - 1
    length = (len(told) - 3) / (_MOST_SENTENCES - 3)
    return 0.05 + 0.3 * length + 0.25 * min(rivals, 3) / 3 + 0.35 * (hint is not None)
