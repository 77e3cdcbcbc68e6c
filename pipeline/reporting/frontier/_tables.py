"""The tables of the stage, rate by rate from the same joint draws."""

from collections.abc import Iterable
from typing import Any

import polars as pl

from pipeline.params import STEADY, Params
from pipeline.reporting.frontier._aligned import aligned
from pipeline.reporting.frontier._bands import BAND_SCHEMA, band_rows
from pipeline.reporting.frontier._cells import CELL_SCHEMA, cell_rows
from pipeline.reporting.frontier._choice import read_tuning
from pipeline.reporting.frontier._chosen import CHOSEN_SCHEMA, chosen_rows
from pipeline.reporting.frontier._differences import (
    DIFFERENCE_SCHEMA,
    difference_rows,
    refuse_unknown_baseline,
)
from pipeline.reporting.frontier._draws import joint_points
from pipeline.reporting.frontier._extremes import extreme_table
from pipeline.reporting.frontier._field import FIELD_SCHEMA, field_rows
from pipeline.reporting.frontier._frontier import FRONTIER_SCHEMA, frontier_rows_of
from pipeline.reporting.frontier._hypervolume import HYPERVOLUME_SCHEMA, hypervolume_rows
from pipeline.reporting.frontier._labels import read_labels
from pipeline.reporting.frontier._mix import mix_table
from pipeline.reporting.frontier._priced import EVALUATED
from pipeline.reporting.frontier._radar import radar_table
from pipeline.reporting.frontier._references import offline_references
from pipeline.reporting.frontier._rows import frontier_rows
from pipeline.reporting.frontier._service import SERVICE_SCHEMA, service_rows
from pipeline.reporting.frontier._throughput import run_throughputs

__all__ = ["frontier_tables"]

_SCHEMAS = {
    "cells": CELL_SCHEMA,
    "frontier": FRONTIER_SCHEMA,
    "differences": DIFFERENCE_SCHEMA,
    "bands": BAND_SCHEMA,
    "hypervolume": HYPERVOLUME_SCHEMA,
    "field": FIELD_SCHEMA,
    "service": SERVICE_SCHEMA,
    "chosen": CHOSEN_SCHEMA,
}


def frontier_tables(
    requests: pl.DataFrame, dataset: pl.DataFrame, params: Params
) -> dict[str, pl.DataFrame]:
    """Return every table of the stage by name.

    Only the steady traffic on test prompts is reported; the traffic frontier.tuning, on
    validation prompts, serves to choose. See `cell_rows`, `frontier_rows_of`, `difference_rows`,
    `band_rows`, `hypervolume_rows`, `field_rows`, `service_rows`, `chosen_rows`, `radar_table`,
    `extreme_table`, `mix_table` and `offline_references` for the columns.

    Args:
        requests: REQUESTS rows.
        dataset: DATASET rows.
        params: of all stages.

    Raises:
        UnknownNameError: the baseline is not among the arms, or a model has no price.
        DataError: no prompt of the test or validation split has a quality from every model.
    """
    frontier, load, seed = params.frontier, params.loadtest, params.base.seed
    prices, utility = params.base.fleet.prices, params.ablation.utility
    rows = frontier_rows(requests, params, STEADY, EVALUATED)
    refuse_unknown_baseline(rows, frontier.baseline)
    labels = read_labels(dataset, prices, load.weights[utility], load.scales)
    tuning = read_tuning(requests, params)
    placebo = () if params.ablation.placebo is None else (params.ablation.placebo.arm,)
    rates = run_throughputs(requests, STEADY, EVALUATED)
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in _SCHEMAS}
    for at_rate in aligned(rows):
        joint = joint_points(at_rate, labels, frontier, seed=seed)
        told: dict[str, Iterable[dict[str, Any]]] = {
            "cells": cell_rows(joint, rates, level=frontier.level),
            "frontier": frontier_rows_of(joint, placebo),
            "differences": difference_rows(at_rate, frontier, seed=seed),
            "bands": band_rows(joint, frontier),
            "hypervolume": hypervolume_rows(joint, frontier),
            "field": field_rows(joint, tuning, frontier),
            "service": service_rows(joint, rates, frontier, utility=utility, seed=seed),
            "chosen": chosen_rows(joint, tuning, frontier),
        }
        for name, part in told.items():
            found[name].extend(part)
    tables = {
        name: pl.DataFrame(found[name], schema=schema, orient="row")
        for name, schema in _SCHEMAS.items()
    }
    references = offline_references(
        dataset, prices, level=frontier.level, resamples=frontier.resamples, seed=seed
    )
    return tables | {
        "mix": mix_table(rows),
        "radar": radar_table(tables["cells"], frontier.systems),
        "extremes": extreme_table(tables["cells"], frontier.systems),
        "references": references,
    }
