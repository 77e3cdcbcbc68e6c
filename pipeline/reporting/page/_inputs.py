"""What the page is made from: the files of the earlier stages, read once."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from pipeline.errors import SchemaError
from pipeline.rows import LEARNING, PREDICTORS, RELIABILITY, SCORES
from pipeline.schema import read_rows

__all__ = ["ReportInputs", "read_inputs"]

_TABLES = {
    "cells": "frontier/cells.csv",
    "frontier": "frontier/frontier.csv",
    "mix": "frontier/mix.csv",
    "differences": "frontier/differences.csv",
    "references": "frontier/references.csv",
    "bands": "frontier/bands.csv",
    "hypervolume": "frontier/hypervolume.csv",
    "field": "frontier/field.csv",
    "service": "frontier/service.csv",
    "chosen": "frontier/chosen.csv",
    "radar": "frontier/radar.csv",
    "extremes": "frontier/extremes.csv",
    "contrasts": "ablation/contrasts.csv",
    "placebo": "ablation/placebo.csv",
    "answers": "ablation/answers.csv",
    "drift": "drift/errors.csv",
    "state": "drift/state.csv",
    "calibration": "drift/calibration.csv",
    "alarms": "drift/alarms.csv",
    "alarm_rates": "drift/alarm_rates.csv",
    "doses": "drift/doses.csv",
    "break_points": "drift/break_points.csv",
    "published": "published/claims.csv",
    "published_cells": "published/cells.csv",
    "ladder": "fidelity/ladder.csv",
    "agreement": "agreement.csv",
    "judge_audit": "judge_audit.csv",
}
# These are there where the folder of data holds measured GPU tables.
_MEASURED = {"runs": "fidelity/runs.csv", "steptime": "fidelity/steptime.csv"}


@dataclass(frozen=True)
class ReportInputs:
    """Tables by name, metrics by stage, the registry's entries, and the card of the prompts."""

    tables: dict[str, pl.DataFrame]
    metrics: dict[str, Any]
    registry: list[dict[str, Any]]
    card: dict[str, Any]


def read_inputs(reports: Path, card: Path) -> ReportInputs:
    """Read every table, metrics file and the registry below `reports`.

    The rows of all predictors stand in three tables: scores, bins and learning.

    Raises:
        SchemaError: a file is absent or cannot be read.
    """
    there = {name: file for name, file in _MEASURED.items() if (reports / file).exists()}
    return ReportInputs(
        {name: _csv(reports / file) for name, file in (_TABLES | there).items()}
        | _predictors(reports / "predictors"),
        {path.stem: _json(path) for path in sorted((reports / "metrics").glob("*.json"))},
        _json(reports / "registry.json"),
        _json(card),
    )


def _predictors(folder: Path) -> dict[str, pl.DataFrame]:
    scores = [read_rows(folder / f"{name}.parquet", SCORES) for name in PREDICTORS]
    learning = [read_rows(folder / f"{name}_learning.parquet", LEARNING) for name in PREDICTORS]
    return {
        "scores": pl.concat(scores),
        "learning": pl.concat(learning),
        "bins": read_rows(folder / "quality_reliability.parquet", RELIABILITY),
    }


def _csv(path: Path) -> pl.DataFrame:
    try:
        frame = pl.read_csv(path, infer_schema_length=None)
    except (OSError, pl.exceptions.PolarsError) as error:
        reason = str(error).splitlines()[0]
        raise SchemaError(f"{path}: cannot be read ({reason}); run `dvc repro`") from error
    # A file cannot tell the type of a column without a value; null compares with every type.
    blank = [name for name in frame.columns if frame[name].null_count() == frame.height]
    return frame.with_columns(pl.col(blank).cast(pl.Null))


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError) as error:
        raise SchemaError(f"{path}: cannot be read ({error}); run `dvc repro`") from error
