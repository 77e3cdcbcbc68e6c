"""Judging all responses: rules, similarity, a language model, recorded labels."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.journal import Journal
from pipeline.judging._case import Case, Verdict
from pipeline.judging._cases import SIMILARITY_SOURCE, TASK_METRIC, plan
from pipeline.judging._similarity import similarity
from pipeline.params import JudgeParams, LlmJudgeParams
from pipeline.progress import say, track
from pipeline.rows import EMBEDDING_DIM, JUDGEMENTS

__all__ = ["SIMILARITY_SOURCE", "TASK_METRIC", "judge"]

Embed = Callable[[list[str]], NDArray[np.float32]]
Verdicts = dict[str, Verdict]

_AT_ONCE = 256  # similarities between two visits to the journal


def judge(
    prompts: pl.DataFrame,
    responses: pl.DataFrame,
    settings: JudgeParams,
    journal: Journal,
    embed: Embed | None,
) -> pl.DataFrame:
    """Judge every response; return JUDGEMENTS rows sorted by their key.

    Verdicts in the journal are not asked for again, and equal texts are judged once. A failure is a
    null score with its reason, never a zero; failures of a language model are not kept, so that the
    next run tries them again.

    Args:
        prompts: PROMPTS rows.
        responses: RESPONSES rows.
        settings: which judges.
        journal: verdicts that are paid for.
        embed: unit vectors (n, 384) of n texts; needed when `settings.similarity` is on.

    Raises:
        DataError: a response has no prompt, or a recorded label does not say who made it.
        EndpointError: the environment variable with the judge's key is not set.
        ValueError: similarity is on without `embed`, or `embed` gives another shape.
    """
    made = plan(prompts, responses, settings)
    known = _known([*made.rules, *made.similar, *made.asked], journal)
    verdicts = dict(known)
    _by_rule(_open(made.rules, known), verdicts, journal)
    _by_similarity(_open(made.similar, known), embed, verdicts, journal)
    asked = _open(made.asked, known)
    if settings.llm is not None and asked:  # what is paid for needs no key
        asyncio.run(_by_llm(asked, settings.llm, verdicts, journal))
    cases = [*made.rules, *made.similar, *made.asked]
    rows = made.finished + [case.row(verdicts[case.key]) for case in cases]
    _report(rows, sum(case.key in known for case in cases))
    return JUDGEMENTS.frame(rows).sort(JUDGEMENTS.key)


def _known(cases: Iterable[Case], journal: Journal) -> Verdicts:
    done = journal.get_many({case.key for case in cases})
    return {key: Verdict(**row) for key, row in done.items()}


def _open(cases: Iterable[Case], known: Verdicts) -> dict[str, Case]:
    """The cases that nobody has judged yet, one per key."""
    return {case.key: case for case in cases if case.key not in known}


def _report(rows: list[dict[str, Any]], reused: int) -> None:
    failed = sum(row["score"] is None for row in rows)
    say(f"judge: {len(rows)} rows, {reused} from the journal, {failed} failed")


def _by_rule(cases: dict[str, Case], verdicts: Verdicts, journal: Journal) -> None:
    if not cases:
        return
    from pipeline.judging._deepeval import LLMTestCase
    from pipeline.judging._rule_metric import RuleMetric

    metrics = {name: RuleMetric(name) for name in {case.metric for case in cases.values()}}
    for key, case in track(cases.items(), len(cases), "judge by rules"):
        metric = metrics[case.metric]
        score = metric.measure(
            LLMTestCase(
                input=case.prompt, actual_output=case.response, expected_output=case.reference
            )
        )
        _keep(key, Verdict(score, metric.reason), verdicts, journal)


def _by_similarity(
    cases: dict[str, Case], embed: Embed | None, verdicts: Verdicts, journal: Journal
) -> None:
    if not cases:
        return
    if embed is None:
        raise ValueError("similarity is on, but no embedding function was given")
    pending = list(cases.items())
    by_text: dict[str, NDArray[np.float32]] = {}
    starts = range(0, len(pending), _AT_ONCE)
    for start in track(starts, len(starts), "judge: similarity, parts"):
        part = pending[start : start + _AT_ONCE]
        wanted = {text for _, case in part for text in (case.response, case.reference)}
        texts = sorted(wanted - by_text.keys())
        vectors = embed(texts) if texts else np.empty((0, EMBEDDING_DIM), np.float32)
        if vectors.shape != (len(texts), EMBEDDING_DIM):
            raise ValueError(f"embed gave {vectors.shape} for {len(texts)} texts")
        by_text.update(zip(texts, vectors, strict=True))
        for key, case in part:
            score = similarity(by_text[case.response], by_text[case.reference])
            _keep(key, Verdict(score, "cosine to the reference"), verdicts, journal)


async def _by_llm(
    cases: dict[str, Case], settings: LlmJudgeParams, verdicts: Verdicts, journal: Journal
) -> None:
    from pipeline.judging._endpoint import ChatEndpoint
    from pipeline.judging._grounded import ask

    gate = asyncio.Semaphore(settings.concurrency)
    async with ChatEndpoint(settings) as endpoint:

        async def one(key: str, case: Case) -> None:
            async with gate:
                verdict = await ask(case, endpoint)
            if verdict.score is None:
                verdicts[key] = verdict
            else:
                _keep(key, verdict, verdicts, journal)

        tasks = [asyncio.create_task(one(key, case)) for key, case in cases.items()]
        for finished in track(asyncio.as_completed(tasks), len(tasks), "judge by model"):
            await finished


def _keep(key: str, verdict: Verdict, verdicts: Verdicts, journal: Journal) -> None:
    verdicts[key] = verdict
    journal.put(key, verdict.stored())
