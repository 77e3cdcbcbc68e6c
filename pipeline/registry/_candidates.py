"""The predictors of this run, with everything the registry wants to know of them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from pipeline.params import Params
from pipeline.predictors import TARGETS
from pipeline.registry._log import Candidate
from pipeline.rows import EMBEDDING_DIM, PROFILE
from pipeline.schema import read_rows
from pipeline.stage import Paths

__all__ = ["candidates"]

_ENDS = ("", ".low", ".high")


def candidates(params: Params, paths: type[Paths]) -> list[Candidate]:
    """Collect the stored predictors with their parameters, test metrics, examples and data."""
    per_model = [f"{model}{end}" for model in params.base.fleet.models for end in _ENDS]
    example = np.zeros((2, EMBEDDING_DIM), dtype=np.float32)
    example[:, :2] = np.eye(2)
    return [
        Candidate(
            kind="quality",
            folder=paths.QUALITY,
            data=paths.DATASET,
            params=params.quality.model_dump(),
            metrics=_metrics(paths.METRICS / "quality.json"),
            example=example,
            outputs=per_model,
        ),
        Candidate(
            kind="length",
            folder=paths.LENGTH,
            data=paths.DATASET,
            params=params.length.model_dump(),
            metrics=_metrics(paths.METRICS / "length.json"),
            example=example,
            outputs=per_model,
        ),
        Candidate(
            kind="latency",
            folder=paths.LATENCY,
            data=paths.PROFILE,
            params=params.latency.model_dump(),
            metrics=_metrics(paths.METRICS / "latency.json"),
            example=_state_example(paths.PROFILE),
            outputs=[f"{target}{end}" for target in TARGETS for end in _ENDS],
        ),
    ]


def _state_example(path: Path) -> Any:
    """One row of every tier, with the columns that are known at dispatch."""
    rows = read_rows(path, PROFILE).unique("tier", maintain_order=True)
    unknown = ("run", "part", "rate", "request_id", "output_tokens", "label")
    # MLflow's integer columns have no nulls; floats say so without a warning.
    numbers = pl.selectors.numeric().cast(pl.Float64)
    return rows.drop(*unknown, "ttft_s", "tpot_s", "e2e_s").with_columns(numbers).to_pandas()


def _metrics(path: Path) -> dict[str, float]:
    """Flatten a metrics file to dotted names, leaving out what has no value."""
    return dict(_flat(json.loads(path.read_text(encoding="utf-8")), ""))


def _flat(value: Any, name: str) -> Iterator[tuple[str, float]]:
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _flat(part, f"{name}.{key}" if name else key)
    elif isinstance(value, int | float):
        yield name, float(value)
