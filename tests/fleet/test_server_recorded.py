"""Recorded answers, read from both layouts of files."""

from pathlib import Path

import polars as pl
import pytest

from pipeline.errors import DataError, SchemaError
from pipeline.fleet.server import Recorded, load_recorded
from pipeline.fleet.server._replies import Author, Wanted
from pipeline.rows import PROMPTS, RESPONSES
from pipeline.schema import write_rows

PROMPT = {"prompt_id": "p", "dataset": "d", "prompt_text": "two?", "reference_text": None}


def write_files(folder: Path) -> None:
    text = {"prompt_id": "p", "dataset": "d", "output_chars": None, "quality": None}
    rows = [
        text | {"model": "emu", "response_text": "It is.", "output_tokens": 3},
        text | {"model": "other", "response_text": None, "output_tokens": 4},
    ]
    narrow = {"output_chars": pl.Int32, "output_tokens": pl.Int32, "quality": pl.Float32}
    extra = {"quality_source": None, "source": "s"}
    (folder / "responses").mkdir()
    frame = pl.DataFrame([row | extra for row in rows], schema_overrides=narrow)
    text_columns = pl.col("quality_source").cast(pl.String)
    frame.with_columns(text_columns).write_parquet(folder / "responses" / "d.parquet")
    strings = ("reference_text", "category", "origin_id")
    prompts = pl.DataFrame([PROMPT | {"category": None, "origin_id": None}])
    prompts.with_columns(pl.col(strings).cast(pl.String)).write_parquet(folder / "prompts.parquet")


def test_rows_with_a_text_are_found_by_prompt(tmp_path: Path) -> None:
    write_files(tmp_path)
    assert load_recorded(tmp_path, ["emu", "other"]) == {"emu": {"two?": Recorded("It is.", 3)}}
    with pytest.raises(DataError, match="holds no recorded answer of other"):
        load_recorded(tmp_path, ["other"])


def test_a_row_with_a_label_and_no_text_lends_its_length(tmp_path: Path) -> None:
    prompt = {"prompt_id": "p", "dataset": "d", "task": "recorded", "group_id": "p"}
    more = {"prompt_text": "two?", "source": "files", "licence": "none"}
    write_rows(PROMPTS.frame([prompt | more]), tmp_path / "prompts.parquet", PROMPTS)
    answer = {"prompt_id": "p", "prompt_tokens": 2, "prompt_tokens_source": "counted"}
    rows = [
        answer | {"model": "emu", "status": "label_only", "label": "recorded", "output_tokens": 37},
        answer | {"model": "bad", "status": "error", "label": "recorded", "error": "HTTP 500"},
    ]
    write_rows(RESPONSES.frame(rows), tmp_path / "responses.parquet", RESPONSES)
    found = load_recorded(tmp_path, ["emu", "bad"])
    assert found == {"emu": {"two?": Recorded(None, 37)}}
    reply = Author("emu", 1, 150.0, found["emu"]).reply(Wanted([1], "two?", 100))
    assert (len(reply.pieces), reply.stops, reply.source) == (37, True, "generated")
    assert all(reply.pieces)


def test_a_folder_without_responses(tmp_path: Path) -> None:
    write_files(tmp_path)
    (tmp_path / "responses" / "d.parquet").unlink()
    with pytest.raises(SchemaError, match="holds no responses/DATASET"):
        load_recorded(tmp_path, ["emu"])


@pytest.mark.realdata
def test_real_answers_are_replayed(real_data: Path) -> None:
    found = load_recorded(real_data, ["gemma-2-2b-it"])["gemma-2-2b-it"]
    assert len(found) > 1000
    assert all(answer.text for answer in list(found.values())[:100])
