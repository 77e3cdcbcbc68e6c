"""Stage frontier: quality, latency and cost of every arm, rate and system, with intervals."""

from pipeline.files import write_folder_whole, write_json, write_text
from pipeline.params import Params
from pipeline.reporting.frontier import frontier_tables
from pipeline.rows import DATASET, REQUESTS
from pipeline.schema import read_rows
from pipeline.stage import Paths, run_stage


def main(params: Params) -> None:
    requests = read_rows(Paths.REQUESTS, REQUESTS)
    tables = frontier_tables(requests, read_rows(Paths.DATASET, DATASET), params)
    with write_folder_whole(Paths.FRONTIER) as folder:
        for name, table in tables.items():
            write_text(folder / f"{name}.csv", table.write_csv())
    points = tables["frontier"]
    write_text(Paths.PLOTS / "frontier.csv", points.write_csv())
    keep = ("quality", "e2e_s", "cost_usd")
    write_json(
        Paths.METRICS / "frontier.json",
        {
            f"{row['arm']}@{row['rate']:g}": {key: row[key] for key in keep}
            for row in points.to_dicts()
        },
    )


if __name__ == "__main__":
    run_stage(main)
