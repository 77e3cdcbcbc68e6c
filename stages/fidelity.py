"""Stage fidelity: how true the engine is to measured iterations, real runs, cells and the clock."""

from pathlib import Path

import polars as pl

from pipeline.files import write_folder_whole, write_json, write_text
from pipeline.fleet.fidelity import (
    clock_table,
    ladder_table,
    read_runs,
    run_row,
    steptime_table,
)
from pipeline.params import Params
from pipeline.progress import say, track
from pipeline.stage import Paths, run_stage


def main(params: Params) -> None:
    chosen, folder = params.fidelity, Path(params.base.data_dir) / "latency"
    tables = {"ladder": ladder_table(list(chosen.seeds))}
    if folder.is_dir():
        tables["steptime"] = steptime_table(folder)
        runs = read_runs(folder)
        rows = [run_row(run, folder) for run in track(runs, len(runs), "real runs replayed")]
        tables["runs"] = pl.DataFrame(rows, infer_schema_length=None)
    else:
        say(f"fidelity: no measured tables in {folder}; held-out errors and real runs are left out")
    clock = clock_table(params.base.fleet, chosen.clock, params.base.seed)
    off = clock.filter(pl.col("metric") != "TTFT")["difference_percent"].abs().max()
    agree = isinstance(off, float) and off <= chosen.clock.bound_percent
    with write_folder_whole(Paths.FIDELITY) as out:
        for name, table in tables.items():
            write_text(out / f"{name}.csv", table.write_csv())
        # The wall clock never gives the same digits twice, so they stay out of tables and metrics.
        write_json(out / "clock.json", clock.to_dicts())
    metrics = {name: table.to_dicts() for name, table in tables.items()}
    write_json(Paths.METRICS / "fidelity.json", {"clocks_agree": agree, **metrics})


if __name__ == "__main__":
    run_stage(main)
