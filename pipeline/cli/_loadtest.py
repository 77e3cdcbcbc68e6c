"""`routebalance loadtest`: cells of the load test from the shell."""

import os
from pathlib import Path
from typing import Annotated

import typer

from pipeline.stage import Paths

__all__ = ["app"]

app = typer.Typer(help="Run cells of the load test on the simulated fleet.", no_args_is_help=True)

_CPUS = os.cpu_count() or 1

Out = Annotated[Path | None, typer.Option(help="Parquet file for the request rows.")]
Jobs = Annotated[int, typer.Option(min=1, help="Worker processes.")]


@app.command()
def run(
    arm: Annotated[str, typer.Option(help="An arm of loadtest.arms.")],
    rate: Annotated[float, typer.Option(min=0.001, help="Offered rate, requests/s.")],
    seed: Annotated[int, typer.Option(help="Replication; equal seeds share arrivals.")] = 1,
    out: Out = None,
) -> None:
    """Run one cell: one arm, one rate, one seed."""
    _run([arm], [rate], [seed], 1, out)


@app.command()
def sweep(
    arms: Annotated[str, typer.Option(help="Arms, separated by commas; default all.")] = "",
    rates: Annotated[str, typer.Option(help="Rates, requests/s; default loadtest.rates.")] = "",
    seeds: Annotated[str, typer.Option(help="Seeds; default loadtest.seeds.")] = "",
    jobs: Jobs = _CPUS,
    out: Out = None,
) -> None:
    """Run a grid of cells: arms x rates x seeds."""
    from pipeline.cli._lists import integers, rates_of, texts

    _run(texts(arms), rates_of(rates), integers(seeds), jobs, out)


def _run(
    arms: list[str], rates: list[float], seeds: list[int], jobs: int, out: Path | None
) -> None:
    import polars as pl

    from pipeline.loadtest import cells_of, open_bench, run_grid, summary
    from pipeline.params import load_params
    from pipeline.rows import REQUESTS
    from pipeline.schema import write_rows

    params = load_params(Paths.PARAMS)
    cells = cells_of(params.loadtest, arms, rates, seeds)
    bench = open_bench(params)
    rows = pl.concat(list(run_grid(bench, cells, Paths.KEPT / "loadtest", jobs)))
    if out is not None:
        write_rows(rows, out, REQUESTS)
        typer.echo(f"{rows.height} request rows (simulated) in {out}")
    for line in summary(rows):
        typer.echo(line)
