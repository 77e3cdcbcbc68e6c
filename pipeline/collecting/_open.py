"""Which questions are open: a pure function of prompts, settings and what the journal holds."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import polars as pl

from pipeline.collecting._question import Question, content_key
from pipeline.params import LiveParams
from pipeline.workload.collect import TOKENS_PER_WORDPIECE

__all__ = ["Asked", "asked_of", "open_questions"]

Counter = Callable[[list[str]], list[int]]


@dataclass(frozen=True)
class Asked:
    """One cell of the collection: this prompt to this model."""

    prompt_id: str
    model: str
    question: Question


def asked_of(prompts: pl.DataFrame, live: LiveParams, count: Counter) -> list[Asked]:
    """Every prompt to every model, with the key of its answer; equal prompts share one.

    Args:
        prompts: PROMPTS rows.
        live: whom to ask, and how.
        count: counts WordPiece tokens of texts; those of the models are estimated from it.
    """
    texts = prompts["prompt_text"].to_list()
    system = 0 if live.system is None else count([live.system])[0]
    tokens = [max(1, round(TOKENS_PER_WORDPIECE * (one + system))) for one in count(texts)]
    return [
        Asked(prompt_id, model, Question(content_key(model, live, text), text, estimate))
        for prompt_id, text, estimate in zip(prompts["prompt_id"], texts, tokens, strict=True)
        for model in live.models
    ]


def open_questions(
    asked: Sequence[Asked], known: Collection[str]
) -> dict[str, tuple[Question, ...]]:
    """By model, the questions that have no answer yet: one per key, in the order of the prompts."""
    found: dict[str, dict[str, Question]] = {}
    for one in asked:
        if one.question.key not in known:
            found.setdefault(one.model, {})[one.question.key] = one.question
    return {model: tuple(questions.values()) for model, questions in found.items()}
