"""One answer of one emulated model: whether it succeeds, how long it is, and what it says."""

import math
from typing import Any

from pipeline.errors import DataError
from pipeline.streams import stream
from pipeline.workload.emulated._answers import Question, right_answer, wrong_answer
from pipeline.workload.emulated._models import EmulatedModel
from pipeline.workload.generated import REFUSAL, Pick

__all__ = ["emulate"]

_SLOPE = 4.5  # log-odds per unit of skill minus difficulty
_ITEM_SD = 0.8  # log-odds, shared by all models: some items are odd for everyone
_BREAKDOWNS = 0.008  # share of right answers that come empty or cut, whatever the model
_LENGTH_SD = 0.45  # of the log of the length
_LEAST_WORDS, _MOST_WORDS = 18.0, 280.0
_TYPICAL_WORDS = {"number": 70.0, "span": 46.0, "fact": 40.0, "format": 58.0, "decline": 54.0}


def emulate(prompt: dict[str, Any], model: EmulatedModel, seed: int) -> str:
    """Return what the model answers to one PROMPTS row, the same text for equal arguments.

    Success is a draw with log-odds that fall with the row's difficulty. A right answer holds the
    reference, a wrong one does not (see `_answers`). About one right answer in 120 comes
    empty or cut.

    Raises:
        DataError: the row has no reference or difficulty, or its task cannot be emulated.
    """
    question = _question(prompt)
    name = str(prompt["prompt_id"])
    pick = Pick(stream(seed, "emulate", name, model.name))
    item = _ITEM_SD * Pick(stream(seed, "emulate", name)).normal()
    chance = 1 / (1 + math.exp(-_log_odds(question, model) - item))
    good = pick.unit() < chance
    words = _words(pick, question, model, good)
    if not good:
        return wrong_answer(pick, question, words, model.habits)
    breaks = pick.unit() < _BREAKDOWNS
    text = right_answer(pick, question, words)
    return _cut(pick, text) if breaks else text


def _question(prompt: dict[str, Any]) -> Question:
    for column in ("reference_text", "difficulty"):
        if prompt.get(column) is None:
            raise DataError(
                f"prompt {prompt['prompt_id']!r} has no {column}, which emulated models need"
            )
    if prompt["task"] not in _TYPICAL_WORDS:
        raise DataError(
            f"prompt {prompt['prompt_id']!r} has task {prompt['task']!r}; emulated models answer "
            f"{', '.join(_TYPICAL_WORDS)}"
        )
    return Question(
        family=prompt["dataset"],
        task=prompt["task"],
        text=prompt["prompt_text"],
        reference=prompt["reference_text"],
        difficulty=float(prompt["difficulty"]),
    )


def _log_odds(question: Question, model: EmulatedModel) -> float:
    odds = _SLOPE * (model.skill_in(question.family) - question.difficulty)
    if question.task == "decline":
        odds += model.caution if question.reference == REFUSAL else -model.caution
    return odds


def _words(pick: Pick, question: Question, model: EmulatedModel, good: bool) -> float:
    """Draw how many words the answer is to have; the distribution has a long right tail."""
    typical = _TYPICAL_WORDS[question.task] * (0.6 + 0.8 * question.difficulty)
    words = typical * model.verbosity * math.exp(_LENGTH_SD * pick.normal())
    return min(_MOST_WORDS, max(_LEAST_WORDS, words * (1.0 if good else model.rambling)))


def _cut(pick: Pick, text: str) -> str:
    """Return nothing, or the first part of the text."""
    if pick.unit() < 0.3:
        return ""
    words = text.split(" ")
    return " ".join(words[: max(1, int(len(words) * 0.6 * pick.unit()))])
