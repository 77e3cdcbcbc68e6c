"""Stage loadtest: arms x rates x seeds, one row per request."""

import os

from pipeline.files import write_folder_whole
from pipeline.loadtest import cells_of, open_bench, run_grid
from pipeline.params import Params
from pipeline.rows import REQUESTS
from pipeline.schema import write_rows
from pipeline.stage import Paths, run_stage


def main(params: Params) -> None:
    bench = open_bench(params)
    cells = cells_of(params.loadtest)
    kept = Paths.KEPT / "loadtest"
    with write_folder_whole(Paths.REQUESTS) as folder:
        for number, rows in enumerate(run_grid(bench, cells, kept, os.cpu_count() or 1)):
            write_rows(rows, folder / f"cell-{number:05d}.parquet", REQUESTS)


if __name__ == "__main__":
    run_stage(main)
