"""Stage drift: error of predictors and of the believed state under load."""

import polars as pl

from pipeline.files import write_folder_whole, write_text
from pipeline.params import Params
from pipeline.reporting.drift import drift_table, state_table
from pipeline.rows import REQUESTS
from pipeline.schema import read_rows
from pipeline.stage import Paths, run_stage


def main(params: Params) -> None:
    requests = read_rows(Paths.REQUESTS, REQUESTS)
    table = drift_table(requests, level=params.drift.level, seed=params.base.seed)
    state = state_table(requests, level=params.drift.level)
    with write_folder_whole(Paths.DRIFT) as folder:
        write_text(folder / "errors.csv", table.write_csv())
        write_text(folder / "state.csv", state.write_csv())
    tiers = table.filter((pl.col("slice") == "tier") & pl.col("mape").is_not_null())
    write_text(Paths.PLOTS / "drift.csv", tiers.write_csv())


if __name__ == "__main__":
    run_stage(main)
