"""Recorded data: groups, statuses, estimated lengths, one quality source; the real files."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipeline.errors import DataError, UnknownNameError
from pipeline.params import SplitParams
from pipeline.workload.collect import collect_recorded, response_counts
from pipeline.workload.dataset import make_dataset
from pipeline.workload.files import read_prompts, read_responses, stem
from pipeline.workload.splits import assign_splits

STRINGS = {"category": pl.String, "origin_id": pl.String, "response_text": pl.String}
TYPES = {"output_chars": pl.Int32, "output_tokens": pl.Int32, "quality": pl.Float32}
SHARES = SplitParams(train=0.4, calibration=0.2, validation=0.2, test=0.2)


def words(texts: list[str]) -> list[int]:
    return [100 * len(text.split()) for text in texts]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "responses").mkdir()
    prompts = [
        {"prompt_id": f"t-{i}", "dataset": "toy", "prompt_text": f"Question number {name}?",
         "reference_text": "3", "category": None, "origin_id": None}
        for i, name in enumerate(["one", "two", "three"])
    ]  # fmt: skip
    pl.DataFrame(prompts, schema_overrides=STRINGS).write_parquet(tmp_path / "prompts.parquet")

    def row(
        i: int, model: str, text: str | None, tokens: int | None, quality: float | None
    ) -> dict[str, Any]:
        return {
            "prompt_id": f"t-{i}", "dataset": "toy", "model": model, "response_text": text,
            "output_chars": None, "output_tokens": tokens, "quality": quality,
            "quality_source": "exact_match", "source": "toy",
        }  # fmt: skip

    rows = [
        row(0, "m", "the answer is 3", None, 1.0),
        row(1, "m", None, None, 0.0),
        row(0, "n", "it is 4", 17, 0.0),
        row(1, "n", "3", 5, None),
        row(2, "n", "3", 6, 1.0),
    ]
    frame = pl.DataFrame(rows, schema_overrides=TYPES | STRINGS)
    frame.write_parquet(tmp_path / "responses" / "toy.parquet")
    return tmp_path


def collected(folder: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    prompts = read_prompts(folder, ("toy",), None)
    recorded = read_responses(folder, ["toy"], ["m", "n"])
    return prompts, collect_recorded(prompts, recorded, ["m", "n"], words)


def test_lengths_are_reported_estimated_or_a_median_and_say_so(folder: Path) -> None:
    _, rows = collected(folder)
    found = {(r["prompt_id"], r["model"]): r for r in rows.iter_rows(named=True)}
    assert len(found) == 6
    told = [("t-0", "n"), ("t-0", "m"), ("t-1", "m"), ("t-2", "m")]
    lengths = [(found[key]["output_tokens"], found[key]["output_tokens_source"]) for key in told]
    estimate = "estimated:0.93*wordpiece"
    assert lengths[:3] == [(17, "reported"), (372, estimate), (372, "estimated:model_median")]
    assert [found[key]["status"] for key in told] == ["ok", "ok", "label_only", "error"]
    assert found["t-2", "m"]["recorded_quality"] is None
    assert response_counts(rows)["m"]["status"] == {"error": 1, "label_only": 1, "ok": 1}


def judgements(responses: pl.DataFrame, source: str = "exact_match") -> pl.DataFrame:
    known = responses.filter(pl.col("recorded_quality_source").is_not_null())
    return known.select(
        "prompt_id",
        "model",
        pl.lit("recorded").alias("metric"),
        pl.lit(source).alias("quality_source"),
        pl.col("recorded_quality").alias("score"),
    )


def test_a_true_zero_stays_and_a_missing_label_stays_missing(folder: Path) -> None:
    prompts, responses = collected(folder)
    splits = assign_splits(prompts, SHARES, 0.99)
    rows = make_dataset(prompts, responses, judgements(responses), splits, "exact_match")
    found = {(r["prompt_id"], r["model"]): r["quality"] for r in rows.iter_rows(named=True)}
    assert found["t-1", "m"] == 0.0
    assert found["t-1", "n"] is None
    assert found["t-2", "m"] is None


def test_verdicts_of_one_source_on_one_pair_are_averaged(folder: Path) -> None:
    prompts, responses = collected(folder)
    splits = assign_splits(prompts, SHARES, 0.99)
    told = judgements(responses)
    repeats = [
        told.with_columns(pl.lit(score, pl.Float64).alias("score")) for score in (0.2, 0.8, None)
    ]
    rows = make_dataset(prompts, responses, pl.concat(repeats), splits, "exact_match")
    found = {(r["prompt_id"], r["model"]): r["quality"] for r in rows.iter_rows(named=True)}
    assert found["t-1", "m"] == pytest.approx(0.5)
    failed = make_dataset(prompts, responses, repeats[2], splits, "exact_match")
    assert failed["quality"].null_count() == failed.height


def test_sources_are_not_averaged(folder: Path) -> None:
    prompts, responses = collected(folder)
    splits = assign_splits(prompts, SHARES, 0.99)
    told = judgements(responses)
    with pytest.raises(UnknownNameError, match="did you mean 'exact_match'"):
        make_dataset(prompts, responses, told, splits, "exact_mach")
    twice = pl.concat([told, told.with_columns(pl.lit("other").alias("metric"))])
    with pytest.raises(DataError, match="never averaged"):
        make_dataset(prompts, responses, twice, splits, "exact_match")


def test_stems_join_what_belongs_together() -> None:
    passage = "Context: Ada was born in 1815.\nQuestion: "
    assert stem(passage + "Where?") == stem(passage + "When?")
    assert stem("Pick one.\nA. 1\nB. 2") == stem("Pick  one.\nA. 7\nB. 9")
    assert stem("Ada has 3 apples.") == stem("ada has 12 apples.")
    assert stem("Ada has 3 apples.") != stem("Ada has 3 pears.")
    # An instruction without a passage is no stem: it stands before every question of its task.
    bare = "Answer the question.\n\nContext: None\n\nQuestion: "
    assert stem(bare + "Where is Lima?\nA. Peru") == stem(bare + "Where is Lima?\nA. Chile")
    assert stem(bare + "Where is Lima?") != stem(bare + "Where is Oslo?")


@pytest.mark.realdata
def test_the_real_ladder_reads_whole(real_data: Path) -> None:
    datasets = ("gsm8k", "math_l5", "crux", "mmlu_redux")
    models = ["gemma-2-2b-it", "gemma-2-9b-it", "gemma-2-27b-it", "Qwen2-72B-Instruct"]
    prompts = read_prompts(real_data, datasets, 40)
    assert prompts.height == 160
    rows = collect_recorded(
        prompts, read_responses(real_data, list(datasets), models), models, words
    )
    assert rows.height == 640
    assert (rows["status"] != "error").all()
    assert rows["recorded_quality_source"].unique().to_list() == ["exact_match"]
    label_only = rows.filter(pl.col("status") == "label_only")
    assert label_only["prompt_id"].str.starts_with("mmlu-redux").all()
    assert (label_only["output_tokens_source"] == "estimated:model_median").all()


@pytest.mark.realdata
def test_a_model_that_was_not_recorded_is_refused(real_data: Path) -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'gemma-2-9b-it'"):
        read_responses(real_data, ["gsm8k"], ["gemma-2-9b"])
