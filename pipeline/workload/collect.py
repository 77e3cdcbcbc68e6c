"""Responses of every model to every prompt, emulated or recorded, as RESPONSES rows."""

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import polars as pl

from pipeline.errors import DataError
from pipeline.files import content_hash
from pipeline.journal import Journal
from pipeline.progress import say, track
from pipeline.rows import RESPONSES
from pipeline.workload.emulated import emulate, emulated_model

__all__ = ["TOKENS_PER_WORDPIECE", "collect_emulated", "collect_recorded", "response_counts"]

Counter = Callable[[list[str]], list[int]]

# Tokens of Qwen2.5 and Llama-3 tokenizers per WordPiece, measured on 9,398 English responses whose
# true counts are known: 0.92 to 0.93, with a mean absolute error of 8 to 9 % a response (a count by
# characters errs by 13 %).
TOKENS_PER_WORDPIECE = 0.93

# Columns that only a live server can fill.
_LIVE_ONLY = ("finish_reason", "flags", "ttft_s", "e2e_s", "token_s")

_EMULATION = 2  # raise when the emulator changes, so that journals of older ones are not reused


def collect_emulated(
    prompts: pl.DataFrame, models: list[str], seed: int, count: Counter, journal: Journal
) -> pl.DataFrame:
    """Let every emulated model answer every prompt; finished rows come from the journal.

    Args:
        prompts: PROMPTS rows with references and difficulties.
        models: names of emulated models.
        seed: base seed.
        count: counts tokens of texts.
        journal: rows paid for before.

    Raises:
        UnknownNameError: a model that is not emulated.
        DataError: a prompt without reference or difficulty.
    """
    emulators = {name: emulated_model(name) for name in models}
    keys = {
        (prompt["prompt_id"], model): content_hash(
            [_EMULATION, model, seed, {k: v for k, v in prompt.items() if k != "licence"}]
        )
        for prompt, model in product(prompts.iter_rows(named=True), models)
    }
    done = journal.get_many(keys.values())
    say(f"collect: {len(keys)} responses, {len(done)} from the journal")
    rows = []
    pairs = product(prompts.iter_rows(named=True), models)
    for prompt, model in track(pairs, len(keys), "collect"):
        key = keys[prompt["prompt_id"], model]
        if key not in done:
            text = emulate(prompt, emulators[model], seed)
            done[key] = _emulated_row(prompt, model, text, count)
            journal.put(key, done[key])
        rows.append(dict.fromkeys(_LIVE_ONLY) | done[key])
    return RESPONSES.frame(rows).sort("prompt_id", "model")


def _emulated_row(prompt: dict[str, Any], model: str, text: str, count: Counter) -> dict[str, Any]:
    asked, answered = count([prompt["prompt_text"], text])
    return {
        "prompt_id": prompt["prompt_id"],
        "model": model,
        "response_text": text,
        "status": "ok",
        "error": None,
        "prompt_tokens": asked,
        "prompt_tokens_source": "counted:wordpiece",
        "output_tokens": answered,
        "output_tokens_source": "counted:wordpiece",
        "recorded_quality": None,
        "recorded_quality_source": None,
        "label": "emulated",
    }


def collect_recorded(
    prompts: pl.DataFrame, recorded: pl.DataFrame, models: list[str], count: Counter
) -> pl.DataFrame:
    """Turn recorded responses into RESPONSES rows, one per prompt and model.

    Token counts that the source lacks are estimated and marked: from the text, or, where there is
    only a label, as the median of that model's responses with text. A pair that was not recorded
    has status error; it is counted later, never dropped.

    Raises:
        DataError: two recorded rows of one pair, or a model none of whose lengths is known.
    """
    asked = count(prompts["prompt_text"].to_list())
    estimate = f"estimated:{TOKENS_PER_WORDPIECE}*wordpiece"
    tokens = pl.Series("prompt_tokens", [_scaled(pieces) for pieces in asked])
    pairs = prompts.select("prompt_id").with_columns(tokens)
    pairs = pairs.join(pl.DataFrame({"model": models}), how="cross")
    rows = pairs.join(recorded, on=["prompt_id", "model"], how="left")
    rows = rows.with_columns(
        pl.Series("counted", list(_counted(rows["response_text"].to_list(), count)), pl.Int64)
    )
    median = rows.group_by("model").agg(
        pl.coalesce("output_tokens", "counted").median().round().cast(pl.Int64).alias("median")
    )
    for model in median.filter(pl.col("median").is_null())["model"]:
        raise DataError(f"no response of {model!r} has a text or a token count to estimate from")
    missing = pl.col("source").is_null()
    reported = pl.col("output_tokens").cast(pl.Int64).clip(lower_bound=1)
    return RESPONSES.check(
        rows.join(median, on="model", how="left")
        .select(
            "prompt_id",
            "model",
            "response_text",
            pl.when(missing)
            .then(pl.lit("error"))
            .when(pl.col("response_text").is_null())
            .then(pl.lit("label_only"))
            .otherwise(pl.lit("ok"))
            .alias("status"),
            pl.when(missing).then(pl.lit("not recorded")).alias("error"),
            "prompt_tokens",
            pl.lit(estimate).alias("prompt_tokens_source"),
            pl.coalesce(reported, "counted", "median").alias("output_tokens"),
            pl.when(reported.is_not_null())
            .then(pl.lit("reported"))
            .when(pl.col("counted").is_not_null())
            .then(pl.lit(estimate))
            .otherwise(pl.lit("estimated:model_median"))
            .alias("output_tokens_source"),
            pl.col("quality").cast(pl.Float64).alias("recorded_quality"),
            pl.col("quality_source").alias("recorded_quality_source"),
            *(pl.lit(None).alias(name) for name in _LIVE_ONLY),
            pl.lit("recorded").alias("label"),
        )
        .sort("prompt_id", "model"),
        "recorded responses",
    )


def _scaled(pieces: int) -> int:
    return max(1, round(TOKENS_PER_WORDPIECE * pieces))


def _counted(texts: list[str | None], count: Counter) -> Iterator[int | None]:
    counts = iter(count([text for text in texts if text is not None]))
    for text in texts:
        yield None if text is None else _scaled(next(counts))


def response_counts(rows: pl.DataFrame) -> dict[str, dict[str, object]]:
    """Per model: responses by status and degeneracy, how lengths were counted, and mean tokens."""
    result: dict[str, dict[str, object]] = {}
    for (model,), part in rows.group_by("model", maintain_order=True):
        sources = part["output_tokens_source"].drop_nulls().value_counts(name="n")
        flags = part["flags"].drop_nulls().str.split(",").explode().value_counts(name="n")
        result[str(model)] = {
            "rows": part.height,
            "status": dict(part["status"].value_counts(name="n").sort("status").iter_rows()),
            "flags": dict(flags.sort("flags").iter_rows()),
            "lengths": dict(sources.sort("output_tokens_source").iter_rows()),
            "mean_output_tokens": part["output_tokens"].mean(),
        }
    return result
