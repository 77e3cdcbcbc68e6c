"""Stage drift: error of predictors under load, alarms, and how much error the decision bears."""

import polars as pl

from pipeline.files import write_folder_whole, write_text
from pipeline.params import STEADY, Params
from pipeline.reporting.drift import drift_tables
from pipeline.rows import REQUESTS
from pipeline.schema import read_rows
from pipeline.stage import Paths, run_stage


def main(params: Params) -> None:
    tables = drift_tables(read_rows(Paths.REQUESTS, REQUESTS), params)
    with write_folder_whole(Paths.DRIFT) as folder:
        for name, table in tables.items():
            write_text(folder / f"{name}.csv", table.write_csv())
    drawn = (pl.col("slice") == "tier") & (pl.col("traffic") == STEADY)
    tiers = tables["errors"].filter(drawn & pl.col("mape").is_not_null())
    write_text(Paths.PLOTS / "drift.csv", tiers.write_csv())


if __name__ == "__main__":
    run_stage(main)
