"""Stage ablation: the declared contrasts of the arms, with a verdict each."""

from pipeline.files import write_folder_whole, write_text
from pipeline.params import Params
from pipeline.reporting.ablation import ablation_table
from pipeline.rows import REQUESTS
from pipeline.schema import read_rows
from pipeline.stage import Paths, run_stage


def main(params: Params) -> None:
    requests = read_rows(Paths.REQUESTS, REQUESTS)
    table = ablation_table(requests, params.ablation, seed=params.base.seed)
    with write_folder_whole(Paths.ABLATION) as folder:
        write_text(folder / "contrasts.csv", table.write_csv())


if __name__ == "__main__":
    run_stage(main)
