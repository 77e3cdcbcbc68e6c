"""Recorded answers by prompt text, from the files that hold them."""

from collections import defaultdict
from pathlib import Path

import polars as pl

from pipeline.errors import DataError
from pipeline.fleet.server._replies import Recorded
from pipeline.rows import PROMPTS, RESPONSES
from pipeline.schema import read_rows
from pipeline.workload.files import read_answers

__all__ = ["load_recorded"]


def load_recorded(folder: Path, models: list[str]) -> dict[str, dict[str, Recorded]]:
    """Read answers of the models, by model and prompt text.

    The folder holds prompts.parquet beside responses.parquet, as the stages write them, or beside
    responses/DATASET.parquet, as data/external/README.md has it. Of a stage's row that has a label
    and no text the length is replayed; rows with neither are left out.

    Raises:
        SchemaError: a file is absent or malformed.
        DataError: there is no recorded answer of any of the models.
    """
    staged = (folder / "responses.parquet").is_file()
    rows = _of_stages(folder, models) if staged else read_answers(folder, models)
    if rows.is_empty():
        raise DataError(f"{folder}: holds no recorded answer of {', '.join(models)}")
    found: dict[str, dict[str, Recorded]] = defaultdict(dict)
    for model, prompt, text, tokens in rows.iter_rows():
        found[model][prompt] = Recorded(text, tokens)
    return dict(found)


def _of_stages(folder: Path, models: list[str]) -> pl.DataFrame:
    prompts = read_rows(folder / "prompts.parquet", PROMPTS)
    known = pl.col("response_text").is_not_null() | pl.col("output_tokens").is_not_null()
    wanted = pl.col("model").is_in(models) & known
    responses = read_rows(folder / "responses.parquet", RESPONSES).filter(wanted)
    columns = ("model", "prompt_text", "response_text", "output_tokens")
    return responses.join(prompts, on="prompt_id").select(columns)
