"""What the tests of the frontier stage start from: params, labels, and all arms of one rate."""

from pathlib import Path
from typing import Any

import polars as pl

from pipeline.params import FrontierParams, Params, load_params
from pipeline.reporting.frontier._aligned import aligned
from pipeline.reporting.frontier._cells import CELL_SCHEMA, cell_rows
from pipeline.reporting.frontier._draws import JointPoints, joint_points
from pipeline.reporting.frontier._labels import read_labels
from pipeline.reporting.frontier._rows import frontier_rows
from pipeline.reporting.frontier._throughput import run_throughputs
from tests.reporting_rows import dataset_rows

__all__ = ["LABELS", "case_params", "cells_of", "joint_of"]

WEAK, STRONG = "emu-3b", "emu-72b"
# Prompts test0 to test3 and validation0 to validation3; the strong model is dearer.
LABELS = dataset_rows(
    {
        "validation": {WEAK: (0.0, 0.0, 1.0, 0.0), STRONG: (1.0, 1.0, 1.0, 0.0)},
        "test": {WEAK: (0.0, 1.0, 0.0, 1.0), STRONG: (1.0, 1.0, 1.0, 0.0)},
    }
)
_BOUNDS = {
    "quality": {"worst": 0.0, "best": 1.0},
    "e2e_s": {"worst": 10.0, "best": 0.0},
    "cost_usd": {"worst": 1e-4, "best": 0.0},
}


def case_params(systems: dict[str, tuple[str, ...]], **changes: Any) -> Params:
    """The project's params with a frontier section of its own."""
    section: dict[str, Any] = {
        "level": 0.95,
        "resamples": 300,
        "baseline": next(iter(systems.values()))[0],
        "systems": systems,
        "bounds": _BOUNDS,
        **changes,
    }
    params = load_params(Path(__file__).parents[2] / "params.yaml")
    return params.model_copy(update={"frontier": FrontierParams.model_validate(section)})


def joint_of(rows: pl.DataFrame, params: Params, dataset: pl.DataFrame = LABELS) -> JointPoints:
    """All arms of the only rate of the rows."""
    load = params.loadtest
    weights = load.weights[params.ablation.utility]
    labels = read_labels(dataset, params.base.fleet.prices, weights, load.scales)
    [at_rate] = aligned(frontier_rows(rows, params, "steady", "test"))
    return joint_points(at_rate, labels, params.frontier, seed=1)


def cells_of(rows: pl.DataFrame, params: Params | None = None) -> pl.DataFrame:
    """Cells of the only rate of the rows."""
    params = params or case_params({"s": ("a",)})
    found = cell_rows(
        joint_of(rows, params), run_throughputs(rows, "steady", "test"), level=params.frontier.level
    )
    return pl.DataFrame(found, schema=CELL_SCHEMA, orient="row")
