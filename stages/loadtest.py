"""Stage loadtest: arms x rates x seeds, one row per request."""

from collections.abc import Iterator

import polars as pl

from pipeline.files import write_folder_whole
from pipeline.loadtest import Bench, Cell, cells_of, open_bench, run_grid
from pipeline.loadtest.served import open_gateway, sweep_over_http
from pipeline.params import Params
from pipeline.rows import REQUESTS
from pipeline.schema import write_rows
from pipeline.stage import Paths, run_stage

KEPT = Paths.KEPT / "loadtest"


def main(params: Params) -> None:
    bench, cells = open_bench(params), cells_of(params.loadtest)
    through = params.loadtest.over == "gateway"
    frames = served(params, bench, cells) if through else run_grid(bench, cells, KEPT, jobs=None)
    with write_folder_whole(Paths.REQUESTS) as folder:
        for number, rows in enumerate(frames):
            write_rows(rows, folder / f"cell-{number:05d}.parquet", REQUESTS)


def served(params: Params, bench: Bench, cells: list[Cell]) -> Iterator[pl.DataFrame]:
    front = open_gateway(bench, params.loadtest.http)
    for one in sweep_over_http(front, cells, params.loadtest, KEPT, params.base.seed):
        yield one.rows


if __name__ == "__main__":
    run_stage(main)
