"""Judging all responses: rules, similarity, language models, recorded labels."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.engine import Engine, run_jobs
from pipeline.errors import CapError
from pipeline.journal import Journal
from pipeline.judging._case import Case, Verdict
from pipeline.judging._cases import plan
from pipeline.judging._pairs import Pair
from pipeline.judging._panel import Panel, Question, Told, panel_work, with_pairs
from pipeline.judging._similarity import similarity
from pipeline.params import JudgeParams
from pipeline.progress import say, track
from pipeline.rows import EMBEDDING_DIM, JUDGEMENTS

__all__ = ["Embed", "judge"]

Embed = Callable[[list[str]], NDArray[np.float32]]
Verdicts = dict[str, Verdict]
Q = TypeVar("Q", Case, Question)

_AT_ONCE = 256  # similarities between two visits to the journal


def judge(
    prompts: pl.DataFrame,
    responses: pl.DataFrame,
    settings: JudgeParams,
    journal: Journal,
    embed: Embed | None,
    *,
    pairs: Sequence[Pair] = (),
    engine: Engine = "process",
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
        pairs: asked under the same cap; their verdicts go to the journal alone.
        engine: where the language models are asked from.

    Raises:
        DataError: a response has no prompt, or a recorded label does not say who made it.
        EndpointError: the environment variable with a judge's key is not set.
        CapError: the cap on spending was reached; what had been paid for is in the journal.
        ValueError: similarity is on without `embed`, or `embed` gives another shape.
    """
    made = plan(prompts, responses, settings)
    asked = with_pairs(made.asked, pairs)
    questions = [question for one in asked.values() for question in one]
    known = _known([*made.rules, *made.similar, *questions], journal)
    verdicts = dict(known)
    _by_rule(_open(made.rules, known), verdicts, journal)
    _by_similarity(_open(made.similar, known), embed, verdicts, journal)
    still = {name: list(_open(one, known).values()) for name, one in asked.items()}
    _by_panel(
        {name: one for name, one in still.items() if one}, settings, engine, verdicts, journal
    )
    rows = made.finished + [case.row(verdicts[case.key]) for case in made.cases]
    _report(rows, sum(case.key in known for case in made.cases))
    return JUDGEMENTS.frame(rows).sort(JUDGEMENTS.key)


def _known(questions: Iterable[Question], journal: Journal) -> Verdicts:
    done = journal.get_many({question.key for question in questions})
    return {key: Verdict(**row) for key, row in done.items()}


def _open(questions: Iterable[Q], known: Verdicts) -> dict[str, Q]:
    """The questions that nobody has answered yet, one per key."""
    return {question.key: question for question in questions if question.key not in known}


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


def _by_panel(
    asked: dict[str, list[Question]],
    settings: JudgeParams,
    engine: Engine,
    verdicts: Verdicts,
    journal: Journal,
) -> None:
    if not asked:  # what is paid for needs no key
        return
    panel = Panel({name: settings.judges[name] for name in asked}, asked, settings.max_usd)
    # Judges wait for servers: here one process asks them all, a cluster has a job for each.
    jobs = [panel] if engine == "process" else panel.by_judge()
    total = sum(map(len, asked.values()))
    told: list[Told] = []
    for key, verdict in track(run_jobs(engine, panel_work, jobs, cpus=0), total, "judge by model"):
        told.append((key, verdict))
        if verdict.score is None:
            verdicts[key] = verdict
        else:
            _keep(key, verdict, verdicts, journal)
    _tell(asked, dict(told))
    if len(told) < total:
        raise CapError(_stopped(told, total, settings))


def _tell(asked: dict[str, list[Question]], told: Verdicts) -> None:
    """Say of each judge what its verdicts cost, how often it failed, and why most often."""
    for name, questions in asked.items():
        answers = [told[question.key] for question in questions if question.key in told]
        say(f"judge {name}: {len(answers)} verdicts for {_dollars(answers)}")
        reasons = Counter(answer.failure for answer in answers if answer.score is None)
        if reasons:
            [(reason, times)] = reasons.most_common(1)
            say(
                f"judge {name}: {reasons.total()} of {len(answers)} verdicts failed and are null, "
                f"{times} because {reason}; the next run asks for them again"
            )


def _dollars(answers: Iterable[Verdict]) -> str:
    """The cost of what came back; a judge that gave no answer also named no price."""
    given = [answer for answer in answers if answer.score is not None or answer.prompt_tokens]
    costs = [answer.cost_usd for answer in given]
    known = sum(cost for cost in costs if cost is not None)
    unknown = costs.count(None)
    return f"{known:.6g} USD" if not unknown else f"{known:.6g} USD and {unknown} of unknown price"


def _stopped(told: list[Told], total: int, settings: JudgeParams) -> str:
    spent = _dollars(verdict for _, verdict in told)
    return (
        f"judge.max_usd {settings.max_usd:g} ended the run: {len(told)} of {total} verdicts are "
        f"there for {spent}, and what was scored is kept; raise the cap, or run it again to go on "
        "with as much again"
    )


def _keep(key: str, verdict: Verdict, verdicts: Verdicts, journal: Journal) -> None:
    verdicts[key] = verdict
    journal.put(key, verdict.stored())
