"""Stage frontier: quality, latency and cost of every arm and rate, with intervals."""

from pipeline.files import write_folder_whole, write_json, write_text
from pipeline.params import Params
from pipeline.reporting.frontier import (
    cell_table,
    differences,
    frontier_table,
    mix_table,
    offline_references,
)
from pipeline.rows import DATASET, REQUESTS
from pipeline.schema import read_rows
from pipeline.stage import Paths, run_stage


def main(params: Params) -> None:
    requests = read_rows(Paths.REQUESTS, REQUESTS)
    dataset = read_rows(Paths.DATASET, DATASET)
    chosen, seed = params.frontier, params.base.seed
    level, resamples = chosen.level, chosen.resamples
    cells = cell_table(requests, level=level, resamples=resamples, seed=seed)
    frontier = frontier_table(cells)
    tables = {
        "cells": cells,
        "frontier": frontier,
        "mix": mix_table(requests),
        "differences": differences(
            requests, chosen.baseline, level=level, resamples=resamples, seed=seed
        ),
        "references": offline_references(
            dataset, params.base.fleet.prices, level=level, resamples=resamples, seed=seed
        ),
    }
    with write_folder_whole(Paths.FRONTIER) as folder:
        for name, table in tables.items():
            write_text(folder / f"{name}.csv", table.write_csv())
    write_text(Paths.PLOTS / "frontier.csv", frontier.write_csv())
    points = {f"{row['arm']}@{row['rate']:g}": row for row in frontier.to_dicts()}
    keep = ("quality", "e2e_s", "cost_usd")
    write_json(
        Paths.METRICS / "frontier.json",
        {name: {key: row[key] for key in keep} for name, row in points.items()},
    )


if __name__ == "__main__":
    run_stage(main)
