"""What the page is made from: the files of the earlier stages, read once."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from pipeline.errors import SchemaError

__all__ = ["ReportInputs", "read_inputs"]


@dataclass(frozen=True)
class ReportInputs:
    """Tables by name, metrics by stage, and the registry's entries."""

    tables: dict[str, pl.DataFrame]
    metrics: dict[str, Any]
    registry: list[dict[str, Any]]
    card: dict[str, Any]


def read_inputs(reports: Path, card: Path) -> ReportInputs:
    """Read every table, metrics file and the registry below `reports`.

    Raises:
        SchemaError: a file is absent or cannot be read.
    """
    tables = {
        "cells": "frontier/cells.csv",
        "frontier": "frontier/frontier.csv",
        "mix": "frontier/mix.csv",
        "differences": "frontier/differences.csv",
        "references": "frontier/references.csv",
        "ablation": "ablation/contrasts.csv",
        "drift": "drift/errors.csv",
        "state": "drift/state.csv",
        "published": "published/claims.csv",
        "published_cells": "published/cells.csv",
        "ladder": "fidelity/ladder.csv",
        "reliability": "plots/reliability.csv",
        "agreement": "agreement.csv",
    }
    # These are there where the folder of data holds measured GPU tables.
    measured = {"runs": "fidelity/runs.csv", "steptime": "fidelity/steptime.csv"}
    tables |= {name: file for name, file in measured.items() if (reports / file).exists()}
    return ReportInputs(
        {name: _csv(reports / file) for name, file in tables.items()},
        {path.stem: _json(path) for path in sorted((reports / "metrics").glob("*.json"))},
        _json(reports / "registry.json"),
        _json(card),
    )


def _csv(path: Path) -> pl.DataFrame:
    try:
        return pl.read_csv(path, infer_schema_length=None)
    except (OSError, pl.exceptions.PolarsError) as error:
        reason = str(error).splitlines()[0]
        raise SchemaError(f"{path}: cannot be read ({reason}); run `dvc repro`") from error


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError) as error:
        raise SchemaError(f"{path}: cannot be read ({error}); run `dvc repro`") from error
