"""What the language model judges have left to do, and what that may cost, before it is spent."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import polars as pl

from pipeline.collecting import PlanLine, plan_line
from pipeline.judging._audit import position_pairs
from pipeline.judging._cases import plan
from pipeline.judging._pairs import Pair
from pipeline.judging._panel import Question, with_pairs
from pipeline.judging._steps import steps_for
from pipeline.params import JudgeModelParams, JudgeParams
from pipeline.workload.collect import TOKENS_PER_WORDPIECE

__all__ = ["judge_questions", "plan_judges", "plan_judges_ahead"]

Row = dict[str, Any]  # a verdict as the journal keeps it
Counter = Callable[[list[str]], list[int]]

_G_EVAL_TOKENS = 240  # of DeepEval's own text around the steps and the three texts
_CHARS_PER_TOKEN = 4  # of text that is not there yet


def judge_questions(
    prompts: pl.DataFrame, responses: pl.DataFrame, settings: JudgeParams, seed: int
) -> dict[str, list[Question]]:
    """Everything that is asked of the language models, by the name of the judge.

    Args, errors: as `judge` and `position_pairs`.
    """
    pairs = position_pairs(prompts, responses, settings, seed)
    return with_pairs(plan(prompts, responses, settings).asked, pairs)


def plan_judges(
    asked: Mapping[str, Sequence[Question]],
    settings: JudgeParams,
    known: Mapping[str, Row],
    count: Counter,
) -> list[PlanLine]:
    """Say per judge what is left to ask, and what that may cost.

    Args:
        asked: of `judge_questions`.
        settings: which judges.
        known: verdicts that are paid for, by key.
        count: tokens of each text.
    """
    lines = []
    for name, judge in settings.judges.items():
        questions = {one.key: one for one in asked[name]}
        texts = [_text(one, judge.max_chars) for one in questions.values()]
        tokens = dict(zip(questions, _counted(texts, count), strict=True))
        for key, one in questions.items():
            tokens[key] += 0 if isinstance(one, Pair) else _G_EVAL_TOKENS
        left = [tokens[key] for key in questions if key not in known]
        answers = [(tokens[key], known[key]) for key in questions if key in known]
        lines.append(_line(name, judge, left, answers))
    return lines


def plan_judges_ahead(
    prompts: pl.DataFrame, models: int, settings: JudgeParams, count: Counter
) -> list[PlanLine]:
    """The same before there are responses: the most that may have to be asked.

    Each response counts with as many characters as a judge is shown, 4 to a token, and each pair of
    the position audit is taken for one to the longest prompt.

    Args:
        prompts: PROMPTS rows.
        models: how many will answer each.
        settings, count: as `plan_judges`.
    """
    with_reference = prompts.drop_nulls("reference_text")
    groups = with_reference["group_id"].n_unique() if models > 1 else 0
    pairs = min(settings.audit.position_pairs, groups)
    asked = with_reference.select("task", "prompt_text", "reference_text")
    lines = []
    for name, judge in settings.judges.items():
        texts = [
            "\n".join([*steps_for(task), prompt[: judge.max_chars], reference[: judge.max_chars]])
            for task, prompt, reference in asked.iter_rows()
        ]
        response = judge.max_chars // _CHARS_PER_TOKEN
        each = [tokens + _G_EVAL_TOKENS + response for tokens in _counted(texts, count)]
        both_orders = [max(each) + response] * (2 * pairs) if each else []
        lines.append(_line(name, judge, each * models * judge.repeats + both_orders, []))
    return lines


def _line(
    name: str, judge: JudgeModelParams, left: list[int], answers: list[tuple[int, Row]]
) -> PlanLine:
    prices = (judge.price_in, judge.price_out)
    return plan_line(
        f"judge {name}", left=left, answers=answers, max_tokens=judge.max_tokens, prices=prices
    )


def _text(question: Question, max_chars: int) -> str:
    """What is sent, but for DeepEval's own text."""
    if isinstance(question, Pair):
        return question.question(max_chars)
    texts = (question.prompt, question.reference, question.response)
    return "\n".join([*steps_for(question.task), *(text[:max_chars] for text in texts)])


def _counted(texts: list[str], count: Counter) -> list[int]:
    """Tokens of each text, as the models of the judges may count them."""
    return [round(TOKENS_PER_WORDPIECE * tokens) for tokens in count(texts)] if texts else []
