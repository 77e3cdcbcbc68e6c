"""Stage ablation: the declared contrasts of the arms, their verdicts, and an answer per family."""

from pipeline.files import write_folder_whole, write_text
from pipeline.params import Params
from pipeline.reporting.ablation import ablation_tables
from pipeline.rows import REQUESTS
from pipeline.schema import read_rows
from pipeline.stage import Paths, run_stage


def main(params: Params) -> None:
    tables = ablation_tables(read_rows(Paths.REQUESTS, REQUESTS), params)
    with write_folder_whole(Paths.ABLATION) as folder:
        for name, table in tables.items():
            write_text(folder / f"{name}.csv", table.write_csv())


if __name__ == "__main__":
    run_stage(main)
