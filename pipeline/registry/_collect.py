"""The predictors of this run, with everything the registry wants to know of them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl

from pipeline.params import Params
from pipeline.predictors import TARGETS
from pipeline.registry._card import model_card
from pipeline.registry._plots import figures_of
from pipeline.registry._trained import Trained
from pipeline.registry._units import seen_units
from pipeline.rows import DATASET, PROFILE, SCORES
from pipeline.schema import read_rows
from pipeline.stage import Paths

__all__ = ["trained_predictors"]

_ENDS = ("", ".low", ".high")
_CONTEXTS = ("train", "calibration", "validation", "test")
# What is not known when a request is dispatched, or is no input.
_NO_INPUT = ("run", "part", "rate", "request_id", "output_tokens", "label", "ttft_s", "tpot_s",
             "e2e_s")  # fmt: skip


def trained_predictors(params: Params, paths: type[Paths]) -> list[Trained]:
    """Collect the stored predictors with parameters, scores, examples, data, figures and cards."""
    dataset, profile = read_rows(paths.DATASET, DATASET), read_rows(paths.PROFILE, PROFILE)
    return [
        _prompt_predictor("quality", paths.QUALITY, dataset, params, paths),
        _prompt_predictor("length", paths.LENGTH, dataset, params, paths),
        _latency(profile, params, paths),
    ]


def _prompt_predictor(
    kind: str, folder: Path, dataset: pl.DataFrame, params: Params, paths: type[Paths]
) -> Trained:
    import pandas as pd

    texts = ["What is 7 times 8?", "Say politely that the meeting is moved to Monday."]
    return Trained(
        kind=kind,
        folder=folder,
        data=paths.DATASET,
        example=pd.DataFrame({"prompt_text": texts}),
        outputs=[f"{model}{end}" for model in params.base.fleet.models for end in _ENDS],
        rows=_parts(dataset, "split"),
        seen=seen_units(kind, dataset),
        **_told(kind, dataset, params, paths),
    )


def _latency(profile: pl.DataFrame, params: Params, paths: type[Paths]) -> Trained:
    # MLflow's integer columns have no nulls; floats say so without a warning.
    numbers = pl.selectors.numeric().cast(pl.Float64)
    one_each = profile.unique("tier", maintain_order=True).drop(*_NO_INPUT)
    return Trained(
        kind="latency",
        folder=paths.LATENCY,
        data=paths.PROFILE,
        example=one_each.with_columns(numbers).to_pandas(),
        outputs=[f"{target}{end}" for target in TARGETS for end in _ENDS],
        rows=_parts(profile, "part"),
        seen=seen_units("latency", profile),
        **_told("latency", profile, params, paths),
    )


def _told(kind: str, data: pl.DataFrame, params: Params, paths: type[Paths]) -> dict[str, Any]:
    """What every predictor tells alike: parameters, scores, metrics, figures and card."""
    section = getattr(params, kind).model_dump()
    scores = read_rows(paths.PREDICTORS / f"{kind}.parquet", SCORES)
    return {
        "params": section,
        "scores": scores,
        "metrics": _metrics(paths.METRICS / f"{kind}.json"),
        "figures": figures_of(kind, paths.PREDICTORS),
        "card": model_card(kind, scores, data, section),
    }


def _parts(rows: pl.DataFrame, column: str) -> dict[str, pl.DataFrame]:
    parts = {name: rows.filter(pl.col(column) == name) for name in _CONTEXTS}
    return {name: part for name, part in parts.items() if part.height}


def _metrics(path: Path) -> dict[str, float]:
    """Flatten a metrics file to dotted names, leaving out what has no value."""
    return dict(_flat(json.loads(path.read_text(encoding="utf-8")), ""))


def _flat(value: Any, name: str) -> Iterator[tuple[str, float]]:
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _flat(part, f"{name}.{key}" if name else key)
    elif isinstance(value, int | float):
        yield name, float(value)
