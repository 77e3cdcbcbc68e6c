"""Judging all responses: rules, similarity, a language model, recorded labels."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.errors import EndpointError
from pipeline.files import content_hash
from pipeline.journal import Journal
from pipeline.judging._rubrics import RUBRIC_VERSION
from pipeline.judging._rules import metrics_for, source_of
from pipeline.params import JudgeParams, LlmJudgeParams
from pipeline.progress import say, track
from pipeline.rows import JUDGEMENTS

__all__ = ["SIMILARITY_SOURCE", "judge"]

Embed = Callable[[list[str]], NDArray[np.float32]]
SIMILARITY_SOURCE = "similarity:minilm"

_RULE_VERSION = 1  # raise when a rule changes, so that older results are not reused


@dataclass(frozen=True)
class _Case:
    """One (prompt, model) pair to be judged by one metric."""

    prompt_id: str
    model: str
    task: str
    metric: str
    source: str
    prompt: str
    reference: str | None
    response: str | None

    @property
    def key(self) -> str:
        """Hash of everything that determines the judgement; judge and rubric are in `source`."""
        return content_hash(
            [
                _RULE_VERSION,
                self.task,
                self.metric,
                self.source,
                self.prompt,
                self.reference,
                self.response,
            ]
        )

    def row(self, score: float | None, reason: str | None, failure: str | None) -> dict[str, Any]:
        return {
            "prompt_id": self.prompt_id,
            "model": self.model,
            "metric": self.metric,
            "quality_source": self.source,
            "score": score,
            "reason": reason,
            "failure": failure,
            "truncated": False,
        }

    @property
    def unjudgeable(self) -> str | None:
        """Why nobody can judge it, or None."""
        if self.response is None:
            return "no response text"
        return "no reference text" if self.reference is None else None


def judge(
    prompts: pl.DataFrame,
    responses: pl.DataFrame,
    settings: JudgeParams,
    journal: Journal,
    embed: Embed,
) -> pl.DataFrame:
    """Judge every response; return JUDGEMENTS rows in order of their key.

    Rows in the journal are not judged again. A judgement that fails is a null with its reason; a
    failed language-model judgement is tried again by the next run, a failed rule is not.

    Args:
        prompts: PROMPTS rows.
        responses: RESPONSES rows.
        settings: which judges.
        journal: judgements paid for before.
        embed: unit vectors of texts, (n, d).

    Raises:
        EndpointError: a language-model judge is named whose key is not set, or every one of its
            judgements failed.
    """
    joined = responses.join(
        prompts.select("prompt_id", "task", "prompt_text", "reference_text"), on="prompt_id"
    ).sort("prompt_id", "model")
    rules, similar, asked = _cases(joined, settings)
    done = journal.get_many(case.key for case in (*rules, *asked))
    say(f"judge: {len(rules) + len(asked)} judgements, {len(done)} from the journal")
    rows = [
        _known(case, done) or _by_rule(case, journal) for case in track(rules, len(rules), "judge")
    ]
    rows += _by_similarity(similar, embed)
    if settings.llm is not None:
        rows += asyncio.run(_by_llm(asked, settings.llm, done, journal))
    rows += _recorded(joined)
    failed = sum(row["score"] is None for row in rows)
    say(f"judge: {len(rows)} rows, {failed} without a score")
    return JUDGEMENTS.frame(rows).sort(JUDGEMENTS.key)


def _cases(
    joined: pl.DataFrame, settings: JudgeParams
) -> tuple[list[_Case], list[_Case], list[_Case]]:
    """Cases for the rules, for similarity, and for the language model."""
    rules: list[_Case] = []
    similar: list[_Case] = []
    asked: list[_Case] = []
    for row in joined.filter(pl.col("status") != "label_only").iter_rows(named=True):
        task = row["task"]
        rules += [_case(row, metric, source_of(task, metric)) for metric in metrics_for(task)]
        if settings.similarity and row["reference_text"] is not None:
            similar.append(_case(row, "similarity", SIMILARITY_SOURCE))
        if settings.llm is not None:
            asked.append(_case(row, f"g_eval:v{RUBRIC_VERSION}", f"g_eval:{settings.llm.model}"))
    return rules, similar, asked


def _case(row: dict[str, Any], metric: str, source: str) -> _Case:
    return _Case(
        row["prompt_id"],
        row["model"],
        row["task"],
        metric,
        source,
        row["prompt_text"],
        row["reference_text"],
        row["response_text"],
    )


def _known(case: _Case, done: dict[str, dict[str, Any]]) -> dict[str, Any] | None:
    """The journal's judgement; two pairs with equal texts share one."""
    found = done.get(case.key)
    return None if found is None else found | {"prompt_id": case.prompt_id, "model": case.model}


def _by_rule(case: _Case, journal: Journal) -> dict[str, Any]:
    from pipeline.judging._deepeval import LLMTestCase, RuleMetric

    if case.unjudgeable:
        return case.row(None, None, case.unjudgeable)
    metric = RuleMetric(case.metric)
    try:
        score = metric.measure(
            LLMTestCase(
                input=case.prompt, actual_output=case.response, expected_output=case.reference
            )
        )
    except ValueError as error:
        return case.row(None, None, str(error))
    row = case.row(score, metric.reason, None)
    journal.put(case.key, row)
    return row


def _by_similarity(cases: list[_Case], embed: Embed) -> Iterator[dict[str, Any]]:
    """Cosine of the embeddings of response and reference, cut to [0, 1]; each text once."""
    judged = [case for case in cases if not case.unjudgeable]
    texts = sorted({str(text) for case in judged for text in (case.response, case.reference)})
    vectors = embed(texts) if texts else np.empty((0, 0), dtype=np.float32)
    place = {text: i for i, text in enumerate(texts)}
    for case in cases:
        if case.unjudgeable:
            yield case.row(None, None, case.unjudgeable)
            continue
        a, b = vectors[place[str(case.response)]], vectors[place[str(case.reference)]]
        yield case.row(float(np.clip(a @ b, 0.0, 1.0)), "cosine to the reference", None)


async def _by_llm(
    cases: list[_Case], settings: LlmJudgeParams, done: dict[str, dict[str, Any]], journal: Journal
) -> list[dict[str, Any]]:
    from pipeline.judging._geval import LlmJudge

    judge_model = LlmJudge(settings)
    gate = asyncio.Semaphore(settings.concurrency)

    async def one(case: _Case) -> dict[str, Any]:
        if known := _known(case, done):
            return known
        if case.unjudgeable:
            return case.row(None, None, case.unjudgeable)
        async with gate:
            try:
                score, reason, cut = await judge_model.score(
                    case.task, case.prompt, str(case.response), str(case.reference)
                )
            except Exception as error:
                return case.row(None, None, f"{type(error).__name__}: {str(error)[:200]}")
        row = case.row(score, reason, None) | {"truncated": cut}
        journal.put(case.key, row)
        return row

    try:
        rows = await asyncio.gather(*(one(case) for case in cases))
    finally:
        await judge_model.close()
    if rows and all(row["score"] is None for row in rows):
        raise EndpointError(
            f"judge.llm.endpoint {settings.endpoint}: none of {len(rows)} judgements succeeded; "
            f"the first said: {rows[0]['failure']}"
        )
    return list(rows)


def _recorded(joined: pl.DataFrame) -> Iterator[dict[str, Any]]:
    for row in joined.filter(pl.col("recorded_quality_source").is_not_null()).iter_rows(named=True):
        score = row["recorded_quality"]
        case = _case(row, "recorded", row["recorded_quality_source"])
        yield case.row(score, None, "no label was recorded" if score is None else None)
