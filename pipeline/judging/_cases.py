"""What there is to judge: cases, null rows where nobody can judge, and labels that came along."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from pipeline.errors import DataError
from pipeline.judging._case import G_EVAL, Case, Verdict
from pipeline.judging._final_number import last_number
from pipeline.judging._steps import RUBRIC_VERSION
from pipeline.judging._tasks import RULES_VERSION, metrics_for
from pipeline.params import JudgeParams

__all__ = ["SIMILARITY_SOURCE", "TASK_METRIC", "Plan", "judge_source", "plan"]

TASK_METRIC = "task_metric"  # the label of every task: did it do what was asked, by its first rule
SIMILARITY_SOURCE = "similarity:minilm"


@dataclass
class Plan:
    """Cases by judge, and the rows that are finished before anybody judges."""

    rules: list[Case] = field(default_factory=list)
    similar: list[Case] = field(default_factory=list)
    asked: dict[str, list[Case]] = field(default_factory=dict)  # by the name of the judge
    finished: list[dict[str, Any]] = field(default_factory=list)

    @property
    def cases(self) -> list[Case]:
        """All of them."""
        asked = [case for cases in self.asked.values() for case in cases]
        return [*self.rules, *self.similar, *asked]


def judge_source(name: str) -> str:
    """The quality source under which a language model's verdicts are kept."""
    return f"{G_EVAL}:{name}"


def plan(prompts: pl.DataFrame, responses: pl.DataFrame, settings: JudgeParams) -> Plan:
    """Sort out who judges what. Raises DataError when a response has no prompt."""
    made = Plan(asked={name: [] for name in settings.judges})
    for row in _joined(prompts, responses).iter_rows(named=True):
        problem = _problem(row)
        for cases, case in _wanted(made, row, settings, problem):
            if problem:
                made.finished.append(case.row(Verdict(None, failure=problem)))
            else:
                cases.append(case)
        made.finished.extend(_recorded(row))
    return made


def _joined(prompts: pl.DataFrame, responses: pl.DataFrame) -> pl.DataFrame:
    known = prompts.select("prompt_id", "task", "prompt_text", "reference_text")
    orphans = responses.join(known, on="prompt_id", how="anti")
    if orphans.height:
        raise DataError(
            f"{orphans.height} responses have no prompt, first prompt_id "
            f"{orphans['prompt_id'][0]!r}; collect them anew from these prompts"
        )
    return responses.join(known, on="prompt_id").sort("prompt_id", "model")


def _problem(row: dict[str, Any]) -> str | None:
    """Why nobody can judge the response, or None. An empty text is a text."""
    if row["status"] == "error":
        return f"the model gave no response ({row['error'] or 'no reason recorded'})"
    if row["response_text"] is None:
        return "there is no response text"
    if row["reference_text"] is None:
        return "there is no reference text"
    if row["task"] == "number" and last_number(row["reference_text"]) is None:
        return "the reference text holds no number"
    return None


def _wanted(
    made: Plan, row: dict[str, Any], settings: JudgeParams, problem: str | None
) -> Iterator[tuple[list[Case], Case]]:
    for rank, name in enumerate(metrics_for(row["task"])):
        source = TASK_METRIC if rank == 0 else f"{TASK_METRIC}:{name}"
        yield made.rules, _case(row, name, source, (RULES_VERSION,))
    if settings.similarity and problem is None:
        yield made.similar, _case(row, "similarity", SIMILARITY_SOURCE, (RULES_VERSION,))
    if row["status"] == "label_only":
        return
    for name, judge in settings.judges.items():
        rubric = (RUBRIC_VERSION, judge.model, judge.temperature, row["task"], judge.max_chars)
        for repeat in range(judge.repeats):
            yield made.asked[name], _case(row, G_EVAL, judge_source(name), rubric, repeat)


def _case(
    row: dict[str, Any],
    metric: str,
    source: str,
    basis: tuple[str | int | float, ...],
    repeat: int = 0,
) -> Case:
    return Case(
        row["prompt_id"],
        row["model"],
        row["task"],
        metric,
        source,
        basis,
        row["prompt_text"],
        row["reference_text"],
        row["response_text"],
        repeat,
    )


def _recorded(row: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The label that came with the response; a response without one gets no row."""
    if row["recorded_quality"] is None:
        return
    source = row["recorded_quality_source"]
    if source is None:
        raise DataError(
            f"the recorded label of {row['prompt_id']!r} by {row['model']!r} does not say who "
            "made it; fill in recorded_quality_source"
        )
    yield _case(row, "recorded", source, ()).row(Verdict(row["recorded_quality"]))
