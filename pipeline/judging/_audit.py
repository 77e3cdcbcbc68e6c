"""What is known of a language model judge besides its scores.

repeats: within_case_sd is the spread of verdicts on one and the same case, between_case_sd that of
cases once this noise is taken off; both in units of the score.

length: length_correlation is that of a judge's score with the log of the response's length, among
responses to the same prompt; length_given_task_metric is what is left of it among responses that
the task's rule scores alike. Above 0, longer is judged better.

position: consistency is the share of pairs in which both orders favour the same response, or both
none; first_preference is how much more often the first answer is favoured than the second, -1 to 1.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.journal import Journal
from pipeline.judging._cases import TASK_METRIC, judge_source, plan
from pipeline.judging._pairs import Pair, sample_pairs
from pipeline.params import JudgeParams
from pipeline.rows import JUDGE_AUDIT
from pipeline.statistics import (
    Estimate,
    mean_interval,
    partial_correlation,
    pearson,
    share_interval,
    weighted_interval,
)
from pipeline.streams import stream

__all__ = ["audit", "position_pairs"]

Floats = NDArray[np.float64]
Named = Iterator[tuple[str, Estimate]]

_LEVEL, _RESAMPLES = 0.95, 2000
_PLACE = ["prompt_id", "model"]


def position_pairs(
    prompts: pl.DataFrame, responses: pl.DataFrame, settings: JudgeParams, seed: int
) -> list[Pair]:
    """The questions of the position audit, every pair in both orders; none when it is off.

    Args, errors: as `judge`; the seed draws the sample.
    """
    if not settings.audit.position_pairs or not settings.judges:
        return []
    groups = dict(prompts.select("prompt_id", "group_id").iter_rows())
    asked = {
        name: [case for case in cases if case.repeat == 0]
        for name, cases in plan(prompts, responses, settings).asked.items()
    }
    rng = stream(seed, "position pairs")
    pairs = sample_pairs(asked, groups, settings.audit.position_pairs, rng)
    return [order for pair in pairs for order in (pair, pair.swapped)]


def audit(
    judgements: pl.DataFrame,
    prompts: pl.DataFrame,
    responses: pl.DataFrame,
    settings: JudgeParams,
    pairs: Sequence[Pair],
    journal: Journal,
    seed: int,
) -> pl.DataFrame:
    """JUDGE_AUDIT rows of every language model judge.

    Args:
        judgements: JUDGEMENTS rows.
        prompts, responses: what was judged.
        settings: which judges.
        pairs: of `position_pairs`, asked before.
        journal: where their verdicts are; one that is not there failed and is missing.
        seed: of the resampling.
    """
    rows = []
    for name, judge in settings.judges.items():
        source = judge_source(name)
        scored = judgements.filter(pl.col("quality_source") == source).drop_nulls("score")
        rng = stream(seed, "judge audit", name)
        found = [
            ("repeats", _repeats(scored, prompts, rng)),
            ("length", _length(scored, judgements, prompts, responses, judge.max_chars, rng)),
            ("position", _position([one for one in pairs if one.judge == name], journal, rng)),
        ]
        rows += [
            {"quality_source": source, "audit": kind, "statistic": statistic} | estimate.as_row()
            for kind, estimates in found
            for statistic, estimate in estimates
        ]
    return JUDGE_AUDIT.frame(rows)


def _repeats(scored: pl.DataFrame, prompts: pl.DataFrame, rng: np.random.Generator) -> Named:
    cases = (
        scored.group_by(_PLACE)
        .agg(
            pl.col("score").mean().alias("mean"),
            pl.col("score").var().alias("variance"),
            pl.len().alias("verdicts"),
        )
        .filter(pl.col("verdicts") > 1)
    )
    cases = cases.join(prompts.select("prompt_id", "group_id"), on="prompt_id").sort(_PLACE)
    if not cases.height:
        return
    means, variances = cases["mean"].to_numpy(), cases["variance"].to_numpy()
    noise = variances / cases["verdicts"].to_numpy()  # of a mean of so many verdicts

    def within(counts: Floats) -> Floats:
        found: Floats = np.sqrt(counts @ variances / counts.sum(axis=1))
        return found

    def between(counts: Floats) -> Floats:
        n = counts.sum(axis=1)
        centred = means - (counts @ means / n)[:, None]
        spread = (counts * centred**2).sum(axis=1) / np.maximum(n - 1, 1)
        found: Floats = np.sqrt(np.maximum(spread - counts @ noise / n, 0.0))
        return found

    for name, statistic in (("within_case_sd", within), ("between_case_sd", between)):
        yield name, _interval(statistic, cases, rng)


def _length(
    scored: pl.DataFrame,
    judgements: pl.DataFrame,
    prompts: pl.DataFrame,
    responses: pl.DataFrame,
    max_chars: int,
    rng: np.random.Generator,
) -> Named:
    seen = pl.col("response_text").str.len_chars().clip(upper_bound=max_chars)
    rule = judgements.filter(pl.col("quality_source") == TASK_METRIC)
    rows = (
        scored.group_by(_PLACE)
        .agg(pl.col("score").mean())
        .join(responses.select(*_PLACE, seen.log1p().alias("length")), on=_PLACE)
        .join(rule.select(*_PLACE, pl.col("score").alias("rule")), on=_PLACE, how="left")
        .join(prompts.select("prompt_id", "group_id"), on="prompt_id")
    )
    every = _within_prompt(rows, ["score", "length"])
    if every.height:
        score, length = every["score"].to_numpy(), every["length"].to_numpy()
        yield "length_correlation", _interval(partial(pearson, score, length), every, rng)
    ruled = _within_prompt(rows.drop_nulls("rule"), ["score", "length", "rule"])
    if ruled.height:
        columns = [ruled[name].to_numpy() for name in ("score", "length", "rule")]
        given = _interval(partial(partial_correlation, *columns), ruled, rng)
        yield "length_given_task_metric", replace(given, missing=every.height - ruled.height)


def _within_prompt(rows: pl.DataFrame, columns: list[str]) -> pl.DataFrame:
    """Columns less their mean over the responses to the same prompt, where there are several."""
    several = rows.filter(pl.len().over("prompt_id") > 1).sort(_PLACE)
    return several.with_columns(
        pl.col(name) - pl.col(name).mean().over("prompt_id") for name in columns
    )


def _position(pairs: Sequence[Pair], journal: Journal, rng: np.random.Generator) -> Named:
    if not pairs:
        return
    told = journal.get_many(pair.key for pair in pairs)
    scores = [told[pair.key]["score"] if pair.key in told else np.nan for pair in pairs]
    orders = np.array(scores).reshape(-1, 2)
    known = orders[~np.isnan(orders).any(axis=1)]
    missing = len(orders) - len(known)
    consistent = int(np.count_nonzero(known[:, 0] == 1.0 - known[:, 1]))
    share = share_interval(consistent, len(known), _LEVEL)
    yield "consistency", replace(share, missing=missing)
    preference = mean_interval(
        known.sum(axis=1) - 1.0,  # each order: 1 for the first, -1 for the second, 0 for a tie
        np.arange(len(known)),  # each pair is of another group
        level=_LEVEL,
        resamples=_RESAMPLES,
        rng=rng,
        missing=missing,
    )
    yield "first_preference", preference


def _interval(
    statistic: Callable[[Floats], Floats], rows: pl.DataFrame, rng: np.random.Generator
) -> Estimate:
    groups = rows["group_id"].to_numpy()
    return weighted_interval(statistic, groups, level=_LEVEL, resamples=_RESAMPLES, rng=rng)
