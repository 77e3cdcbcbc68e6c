"""Served text of a load test, judged on a sample, beside what the same models were labelled with.

A label is what a model answered offline; whether it answers as well under load, cut by a budget or
through another server, only its served text can tell.
"""

from collections.abc import Iterator

import polars as pl

from pipeline.engine import Engine
from pipeline.errors import DataError
from pipeline.journal import Journal
from pipeline.judging._runner import Embed, judge
from pipeline.params import JudgeParams
from pipeline.rows import REQUESTS, SERVED, SERVED_JUDGEMENTS
from pipeline.statistics import mean_interval
from pipeline.streams import stream
from pipeline.workload.allocate import Want, allocate

__all__ = ["judge_served", "sample_served", "served_quality", "served_quality_lines"]

_LEVEL, _RESAMPLES = 0.95, 2000
_PLACE = ["prompt_id", "model"]


def sample_served(served: pl.DataFrame, count: int, seed: int) -> pl.DataFrame:
    """Draw served texts, each model by its share of the requests, no prompt of a model twice.

    Args:
        served: SERVED rows.
        count: texts to draw; all, where no more prompts were served.
        seed: of the draw.

    Raises:
        DataError: there are no rows.
    """
    if not served.height:
        raise DataError("no text was served, so there is none to judge; keep texts in a load test")
    rows = served.sort(REQUESTS.key)
    order = stream(seed, "served sample").permutation(rows.height)
    shuffled = rows[order.tolist()].unique(_PLACE, keep="first", maintain_order=True)
    there = dict(shuffled.group_by("model").len().iter_rows())
    models = sorted(there)
    wants = [Want((rows["model"] == name).sum(), 0, there[name]) for name in models]
    shares = zip(models, allocate(count, wants), strict=True)
    drawn = [shuffled.filter(model=name).head(n) for name, n in shares]
    return SERVED.check(pl.concat(drawn), "memory").sort(REQUESTS.key)


def judge_served(
    sample: pl.DataFrame,
    prompts: pl.DataFrame,
    settings: JudgeParams,
    journal: Journal,
    embed: Embed | None,
    engine: Engine = "process",
) -> pl.DataFrame:
    """SERVED_JUDGEMENTS rows of a sample, by the same rules and judges as the offline responses.

    Args:
        sample: SERVED rows of `sample_served`.
        prompts, settings, journal, embed, engine: as `judge`; a text that was judged before, also
            offline, is not paid for again.

    Raises: as `judge`.
    """
    nothing = pl.lit(None, pl.String)
    responses = sample.select(
        *_PLACE,
        "response_text",
        pl.lit("ok").alias("status"),
        nothing.alias("error"),
        nothing.cast(pl.Float64).alias("recorded_quality"),
        nothing.alias("recorded_quality_source"),
    )
    rows = judge(prompts, responses, settings, journal, embed, engine=engine)
    joined = rows.join(sample.drop("response_text"), on=_PLACE)
    return SERVED_JUDGEMENTS.check(joined, "memory").sort(SERVED_JUDGEMENTS.key)


def served_quality(
    served: pl.DataFrame, offline: pl.DataFrame, prompts: pl.DataFrame, seed: int
) -> pl.DataFrame:
    """Mean score of served texts beside that of the offline responses of the same pairs.

    Args:
        served: SERVED_JUDGEMENTS rows.
        offline: JUDGEMENTS rows.
        prompts: PROMPTS rows, for their groups.
        seed: of the resampling.

    Returns:
        One row per quality source, metric and model, and for all models together: served and
        offline means over the pairs of prompt and model that have both, and served - offline with
        its paired interval over groups of prompts as in `Estimate`. A source that never judged
        offline has no row.
    """
    by = [*_PLACE, "quality_source", "metric"]
    told = _mean_of(served, by, "served").join(_mean_of(offline, by, "offline"), on=by)
    rows = told.join(prompts.select("prompt_id", "group_id"), on="prompt_id").sort(by)
    return pl.DataFrame(list(_compared(rows, seed)), infer_schema_length=None)


def _mean_of(rows: pl.DataFrame, by: list[str], name: str) -> pl.DataFrame:
    return rows.sort("score").group_by(by).agg(pl.col("score").mean().alias(name))


def _compared(rows: pl.DataFrame, seed: int) -> Iterator[dict[str, object]]:
    sources = rows.select("quality_source", "metric").unique().sort(pl.all())
    for source, metric in sources.iter_rows():
        judged = rows.filter(quality_source=source, metric=metric)
        parts = [(name, judged.filter(model=name)) for name in sorted(judged["model"].unique())]
        for model, part in [("all", judged), *parts]:
            both = part.drop_nulls(["served", "offline"])
            found = mean_interval(
                (both["served"] - both["offline"]).to_numpy(),
                both["group_id"].to_numpy(),
                level=_LEVEL,
                resamples=_RESAMPLES,
                rng=stream(seed, "served quality", source, metric, model),
                missing=part.height - both.height,
            )
            place = {"quality_source": source, "metric": metric, "model": model}
            means = {"served": both["served"].mean(), "offline": both["offline"].mean()}
            yield place | means | found.as_row()


def served_quality_lines(table: pl.DataFrame) -> Iterator[str]:
    """One line for each row of `served_quality`."""
    for row in table.iter_rows(named=True):
        place = f"{row['quality_source']}/{row['metric']}, {row['model']}"
        if row["estimate"] is None:
            yield f"{place}: no pair has both scores ({row['missing']} left out)"
            continue
        bounds = f"no interval: {row['method'].removeprefix('degenerate: ')}"
        if row["low"] is not None:
            bounds = f"{row['low']:+.4f} to {row['high']:+.4f}"
        yield (
            f"{place}: served {row['served']:.4f}, offline {row['offline']:.4f}, difference "
            f"{row['estimate']:+.4f} ({bounds}), {row['n']} pairs, {row['missing']} left out"
        )
