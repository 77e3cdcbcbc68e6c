"""Stage published: the orderings that were published, beside ours."""

from pipeline.files import write_folder_whole, write_text
from pipeline.params import Params
from pipeline.reporting.ablation import published_cells, published_table
from pipeline.rows import REQUESTS
from pipeline.schema import read_rows
from pipeline.stage import Paths, run_stage


def main(params: Params) -> None:
    requests = read_rows(Paths.REQUESTS, REQUESTS)
    claims = published_table(requests, params.published)
    cells = published_cells(requests, params.published)
    with write_folder_whole(Paths.PUBLISHED) as folder:
        write_text(folder / "claims.csv", claims.write_csv())
        write_text(folder / "cells.csv", cells.write_csv())


if __name__ == "__main__":
    run_stage(main)
