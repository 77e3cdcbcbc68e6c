"""Prompts and recorded responses from a folder of parquet files.

The folder's layout and columns are those of data/external/README.md.
"""

import re
from pathlib import Path

import polars as pl

from pipeline.errors import DataError, SchemaError, UnknownNameError
from pipeline.rows import PROMPTS
from pipeline.schema import Column, Schema, read_rows

__all__ = ["read_answers", "read_prompts", "read_responses", "stem"]

_PROMPT_FILE = Schema(
    "prompt file",
    (
        Column("prompt_id", pl.String, "stable id"),
        Column("dataset", pl.String, "the set it belongs to"),
        Column("prompt_text", pl.String, "what the model is asked"),
        Column("reference_text", pl.String, "gold answer", nullable=True),
        Column("category", pl.String, "subject or sub-source", nullable=True),
        Column("origin_id", pl.String, "id in the source", nullable=True),
    ),
    key=("prompt_id",),
)

_RESPONSE_FILE = Schema(
    "response file",
    (
        Column("prompt_id", pl.String, "id of the prompt"),
        Column("dataset", pl.String, "the set it belongs to"),
        Column("model", pl.String, "name of the model"),
        Column("response_text", pl.String, "what it answered", nullable=True),
        Column("output_chars", pl.Int32, "characters of it", True, 0),
        Column("output_tokens", pl.Int32, "tokens of it", True, 0),
        Column("quality", pl.Float32, "label", True, 0.0, 1.0),
        Column("quality_source", pl.String, "who made the label", nullable=True),
        Column("source", pl.String, "provenance key"),
    ),
    key=("prompt_id", "model"),
)

_PASSAGE = re.compile(r"^(.*?)\n\s*question:", re.IGNORECASE | re.DOTALL)
_NO_PASSAGE = re.compile(r"context:\s*none\s*$", re.IGNORECASE)
_OPTIONS = re.compile(r"\n\s*\(?[aA][.):]")


def read_prompts(folder: Path, datasets: tuple[str, ...], per_dataset: int | None) -> pl.DataFrame:
    """Read the named datasets as PROMPTS rows, at most `per_dataset` of each, in id order.

    Raises:
        SchemaError: the folder or its prompts.parquet is absent or malformed.
        UnknownNameError: a dataset that the file does not hold.
    """
    if not folder.is_dir():
        raise SchemaError(f"{folder}: no such folder; set base.data_dir to your folder of data")
    found = read_rows(folder / "prompts.parquet", _PROMPT_FILE)
    known = found["dataset"].unique().to_list()
    for dataset in datasets:
        if dataset not in known:
            raise UnknownNameError("dataset", dataset, known, "prompts.datasets")
    rows = found.filter(pl.col("dataset").is_in(datasets)).sort("prompt_id")
    if per_dataset is not None:
        rows = rows.group_by("dataset", maintain_order=True).head(per_dataset).sort("prompt_id")
    stems = [stem(text) for text in rows["prompt_text"]]
    return PROMPTS.check(
        rows.select(
            "prompt_id",
            "dataset",
            pl.lit("recorded").alias("task"),
            pl.Series("group_id", stems),
            "prompt_text",
            "reference_text",
            "category",
            pl.lit(None, pl.Float64).alias("difficulty"),
            pl.lit("files").alias("source"),
            pl.lit("see the README of the data folder").alias("licence"),
        ),
        folder,
    )


def stem(text: str) -> str:
    """What two prompts share when they must not be split: passage, or question without options.

    Case, spacing and numbers are ignored, so that re-numbered copies of one question are one group.
    """
    passage = _PASSAGE.match(text)
    if passage and not _NO_PASSAGE.search(passage.group(1)):
        core = passage.group(1)
    else:  # what precedes a question without a passage is an instruction that many share
        question = text[passage.end() :] if passage else text
        core = _OPTIONS.split(question, maxsplit=1)[0]
    return re.sub(r"\d+", "0", " ".join(core.lower().split()))


def read_responses(folder: Path, datasets: list[str], models: list[str]) -> pl.DataFrame:
    """Read recorded responses of the models on the datasets, as the files hold them.

    Raises:
        SchemaError: a dataset's file is absent or malformed.
        UnknownNameError: a model that a dataset's file does not hold.
        DataError: nothing was recorded at all.
    """
    frames = []
    for dataset in datasets:
        path = folder / "responses" / f"{dataset}.parquet"
        rows = read_rows(path, _RESPONSE_FILE)
        known = rows["model"].unique().to_list()
        for model in models:
            if model not in known:
                raise UnknownNameError("model", model, known, str(path))
        frames.append(rows.filter(pl.col("model").is_in(models)))
    if not frames or not sum(frame.height for frame in frames):
        raise DataError(f"{folder}: no recorded response of {', '.join(models)}")
    return pl.concat(frames)


def read_answers(folder: Path, models: list[str]) -> pl.DataFrame:
    """Read every recorded text of the models, whatever the dataset, with the text of its prompt.

    Returns:
        Columns model, prompt_text, response_text and output_tokens (null where not reported); no
        row where no file holds a text.

    Raises:
        SchemaError: prompts.parquet or a file below responses/ is absent or malformed.
    """
    prompts = read_rows(folder / "prompts.parquet", _PROMPT_FILE)
    files = sorted((folder / "responses").glob("*.parquet"))
    if not files:
        raise SchemaError(f"{folder}: holds no responses/DATASET.parquet")
    wanted = pl.col("model").is_in(models) & pl.col("response_text").is_not_null()
    answers = pl.concat([read_rows(path, _RESPONSE_FILE).filter(wanted) for path in files])
    columns = ("model", "prompt_text", "response_text", "output_tokens")
    return answers.join(prompts, on="prompt_id").select(columns)
