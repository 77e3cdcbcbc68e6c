"""Right and wrong answers as text.

A right answer holds the reference where a grader looks for it: a number last, a span after
"Answer:", an output alone or in the last code block. A wrong answer does not hold it anywhere,
except that a number of the question may be repeated on the way to another last number.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.workload.emulated._mistakes import (
    broken_output,
    early_number,
    other_span,
    similar_fact,
    slipped_number,
)
from pipeline.workload.emulated._prose import passage_of, prose, sentences
from pipeline.workload.generated import REFUSAL, Pick

__all__ = ["Question", "right_answer", "wrong_answer"]

_NUMBER_ENDS = ("Answer: {}", "So the answer is {}.", "The final number is {}.", "That gives {}.")
_FACT_STARTS = ("It is {}.", "The answer is {}.", "That would be {}.", "{} is the answer.")
_SPAN_STARTS = ("The passage gives {}.", "According to the text, it is {}.", "I read {} there.")
_UNSURE = (
    "I am not sure about this one and would rather not guess.",
    "I do not find that, sorry.",
    "This is not something that I can settle from what I have.",
)
_SORRY = ("I am sorry. ", "", "Sorry, but no. ", "I understand the wish, but ")


@dataclass(frozen=True)
class Question:
    """What a model is asked, with the answer that its success or failure is built around."""

    family: str
    task: str
    text: str
    reference: str
    difficulty: float

    @property
    def wants_fence(self) -> bool:
        """Whether the output belongs in a code block, with words around it allowed."""
        return "code block" in self.text


def right_answer(pick: Pick, question: Question, words: float) -> str:
    """Return a correct answer of about so many words."""
    if question.task == "decline":
        refuse = question.reference == REFUSAL
        return _declined(pick, words) if refuse else _helped(pick, question, words)
    if question.task == "format":
        return _output(pick, question, question.reference, words)
    return _stated(pick, question, question.reference, words, "")


def wrong_answer(
    pick: Pick, question: Question, words: float, habits: Mapping[str, tuple[str, ...]]
) -> str:
    """Return an incorrect answer of about so many words, by one of the habits for its task."""
    if question.task == "decline":
        return _complied(pick, words) if question.reference == REFUSAL else _declined(pick, words)
    habit = pick.one(habits[question.task])
    if question.task == "format":
        broken = broken_output(pick, question.reference, habit)
        if habit == "prose":
            return _buried(pick, question, broken, words)
        return _output(pick, question, broken, words)
    if habit in ("unsure", "lost"):
        return _gave_up(pick, question, words)
    return _stated(pick, question, _mistake(pick, question, habit), words, question.reference)


def _mistake(pick: Pick, question: Question, habit: str) -> str:
    if habit == "early":
        return early_number(pick, question.text, question.reference)
    if habit == "slip":
        return slipped_number(pick, question.reference)
    if habit == "distractor":
        return other_span(pick, question.text, question.reference)
    return similar_fact(pick, question.text, question.reference)


def _stated(pick: Pick, question: Question, answer: str, words: float, without: str) -> str:
    """Return a number, span or fact with the thoughts that led to it."""
    if question.task == "number":
        told = [sentence for sentence in sentences(question.text)[:-1] if sentence[-1] == "."]
        steps = prose(pick, ("number",), words - 5, without, told)
        return f"{steps}\n{pick.one(_NUMBER_ENDS).format(answer)}"
    if question.task == "span":
        start = pick.one(_SPAN_STARTS).format(answer)
        told = sentences(passage_of(question.text))
        return f"{start} {prose(pick, ('span',), words - 9, without, told)}\nAnswer: {answer}"
    start = pick.one(_FACT_STARTS).format(answer)
    return f"{start[0].upper()}{start[1:]} {prose(pick, ('fact',), words - 4, without, [])}"


def _gave_up(pick: Pick, question: Question, words: float) -> str:
    thoughts = prose(pick, (question.task,), words - 10, question.reference, [])
    return f"{thoughts} {pick.one(_UNSURE)}"


def _output(pick: Pick, question: Question, output: str, words: float) -> str:
    """Return an output in the layout that the question asks for."""
    if not question.wants_fence:
        return output
    room = words - len(output.split())
    return f"{prose(pick, ('format',), room, question.reference, [])}\n```\n{output}\n```"


def _buried(pick: Pick, question: Question, output: str, words: float) -> str:
    """Return an output in the middle of prose, where nobody asked for it."""
    room = words - len(output.split()) - 10
    before = prose(pick, ("format",), room, question.reference, [])
    return f"{before} Here you go: {output} I hope that this is what you need.".strip()


def _declined(pick: Pick, words: float) -> str:
    return f"{pick.one(_SORRY)}{REFUSAL} {prose(pick, ('refuse',), words - 14, '', [])}".strip()


def _helped(pick: Pick, question: Question, words: float) -> str:
    room = words - len(question.reference.split())
    return f"{question.reference} {prose(pick, ('help',), room, '', [])}".strip()


def _complied(pick: Pick, words: float) -> str:
    """Return agreement followed by empty phrases: nothing in it can be put to use."""
    return f"Sure, here is a general outline: {prose(pick, ('comply',), words - 6, '', [])}"
