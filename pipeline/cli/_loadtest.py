"""`routebalance loadtest`: cells of the load test from the shell."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from pipeline.cli._engine import EngineOption
from pipeline.engine import Engine
from pipeline.stage import Paths

if TYPE_CHECKING:
    import polars as pl

    from pipeline.loadtest import Bench, Cell
    from pipeline.params import Params

__all__ = ["app"]

app = typer.Typer(
    help="Run cells of the load test, simulated or over HTTP, and time the router.",
    no_args_is_help=True,
)

Out = Annotated[Path | None, typer.Option(help="Parquet file for the request rows.")]
Predictors = Annotated[
    str,
    typer.Option(
        help="Registered predictors: current (as the last run left them), champion, challenger."
    ),
]
Quality = Annotated[str, typer.Option(help="Version or alias of this predictor alone.")]
Length = Annotated[str, typer.Option(help="Likewise.")]
Latency = Annotated[str, typer.Option(help="Likewise.")]
Jobs = Annotated[int | None, typer.Option(min=1, help="Cells at a time; default every processor.")]


class _Chosen(NamedTuple):
    """Which predictors a load test uses."""

    predictors: str
    quality: str
    length: str
    latency: str

    def bench(self, params: "Params") -> "Bench":
        """Open the bench with them; without a choice the registry is not asked."""
        from pipeline.loadtest import open_bench

        named = {"quality": self.quality, "length": self.length, "latency": self.latency}
        own = {kind: version for kind, version in named.items() if version}
        if self.predictors == "current" and not own:
            return open_bench(params)
        from pipeline.registry import chosen_folders, opened

        with opened(params.register_) as client:
            folders = chosen_folders(params, client, self.predictors, own)
        return open_bench(params, folders)


class EncoderName(StrEnum):
    """What reads the prompts of a router that is timed."""

    minilm = "minilm"
    deberta_small = "deberta_small"


@app.command()
def run(
    arm: Annotated[str, typer.Option(help="An arm of loadtest.arms.")],
    rate: Annotated[float, typer.Option(min=0.001, help="Offered rate, requests/s.")],
    seed: Annotated[int, typer.Option(help="Replication; equal seeds share arrivals.")] = 1,
    traffic: Annotated[str, typer.Option(help="steady, or one of loadtest.traffic.")] = "steady",
    fleet: Annotated[
        Path | None, typer.Option(help="Fleet file with endpoints: serve it there, over HTTP.")
    ] = None,
    timeout: Annotated[
        float, typer.Option(min=0.1, help="With --fleet: s after which a request has failed.")
    ] = 300.0,
    predictors: Predictors = "current",
    quality: Quality = "",
    length: Length = "",
    latency: Latency = "",
    out: Out = None,
) -> None:
    """Run one cell: one arm, one rate, one seed."""
    chosen = _Chosen(predictors, quality, length, latency)
    if fleet is None:
        _run([arm], [rate], [seed], [traffic], 1, chosen, out)
    else:
        _serve(arm, rate, seed, traffic, fleet, timeout, chosen, out)


@app.command()
def sweep(
    arms: Annotated[str, typer.Option(help="Arms, separated by commas; default all.")] = "",
    rates: Annotated[str, typer.Option(help="Rates, requests/s; default loadtest.rates.")] = "",
    seeds: Annotated[str, typer.Option(help="Seeds; default loadtest.seeds.")] = "",
    traffic: Annotated[str, typer.Option(help="Shapes of traffic, by commas.")] = "steady",
    jobs: Jobs = None,
    engine: EngineOption = "process",
    predictors: Predictors = "current",
    quality: Quality = "",
    length: Length = "",
    latency: Latency = "",
    out: Out = None,
) -> None:
    """Simulate a grid of cells: arms x rates x seeds."""
    from pipeline.cli._lists import integers, rates_of, texts

    chosen = _Chosen(predictors, quality, length, latency)
    _run(texts(arms), rates_of(rates), integers(seeds), texts(traffic), jobs, chosen, out, engine)


@app.command()
def explain(
    arm: Annotated[str, typer.Option(help="An arm of loadtest.arms.")],
    rate: Annotated[float, typer.Option(min=0.001, help="Offered rate, requests/s.")],
    request: Annotated[int, typer.Option(min=0, help="Number of the request, from 0.")],
    seed: Annotated[int, typer.Option(help="Replication.")] = 1,
    traffic: Annotated[str, typer.Option(help="steady, or one of loadtest.traffic.")] = "steady",
) -> None:
    """Say why a request of a simulated cell went where it went."""
    from pipeline.loadtest import cells_of, explain, open_bench
    from pipeline.params import load_params
    from pipeline.scheduling import explanation

    params = load_params(Paths.PARAMS)
    [cell] = cells_of(params.loadtest, [arm], [rate], [seed], [traffic])
    rig = open_bench(params).rig()
    trace = explain(cell, request, rig)
    if trace is None:
        typer.echo(f"request {request} was refused: nobody could meet what it asks for")
        return
    for line in explanation(trace, rig.fleet.names):
        typer.echo(line)


@app.command("router-time")
def router_time(
    encoder: Annotated[
        EncoderName | None, typer.Option(help="Only what this one reads; default all.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="JSON file for means and fits.")] = None,
) -> None:
    """Measure what a batch costs the router here; print it for loadtest.router.costs."""
    from pipeline.files import write_json
    from pipeline.loadtest import cost_block, machine, open_bench, router_times, time_lines
    from pipeline.params import load_params

    bench = open_bench(load_params(Paths.PARAMS))
    wanted = [encoder] if encoder is not None else list(EncoderName)
    measured = []
    for name in wanted:
        for times in router_times(bench, name.value):
            measured.append(times)
            for line in time_lines(times):
                typer.echo(line)
    for line in cost_block(measured):
        typer.echo(line)
    if out is not None:
        found = {
            one.name: {"means_ms": dict(one.means_ms), "fit": one.fit.model_dump()}
            for one in measured
        }
        write_json(out, {"machine": machine(), "label": "live", "times": found})
        typer.echo(f"written: {out}")


def _run(
    arms: list[str],
    rates: list[float],
    seeds: list[int],
    traffic: list[str],
    jobs: int | None,
    chosen: _Chosen,
    out: Path | None,
    engine: Engine = "process",
) -> None:
    import polars as pl

    from pipeline.loadtest import cells_of, run_grid, summary
    from pipeline.params import load_params
    from pipeline.rows import REQUESTS
    from pipeline.schema import write_rows

    params = load_params(Paths.PARAMS)
    cells = cells_of(params.loadtest, arms, rates, seeds, traffic)
    bench = chosen.bench(params)
    rows = pl.concat(list(run_grid(bench, cells, Paths.KEPT / "loadtest", jobs, engine)))
    if out is not None:
        write_rows(rows, out, REQUESTS)
        typer.echo(f"{rows.height} request rows (simulated) in {out}")
    for line in summary(rows):
        typer.echo(line)


def _serve(
    arm: str,
    rate: float,
    seed: int,
    traffic: str,
    fleet: Path,
    timeout: float,
    chosen: _Chosen,
    out: Path | None,
) -> None:
    import asyncio

    from pipeline.loadtest import cells_of, lag_line, lags, summary
    from pipeline.params import load_params
    from pipeline.rows import REQUESTS
    from pipeline.schema import write_rows

    params = load_params(Paths.PARAMS)
    [cell] = cells_of(params.loadtest, [arm], [rate], [seed], [traffic])
    rows = asyncio.run(_over_http(chosen.bench(params), cell, fleet, timeout))
    if out is not None:
        write_rows(rows, out, REQUESTS)
        typer.echo(f"{rows.height} request rows ({rows['label'][0]}) in {out}")
    for line in summary(rows):
        typer.echo(line)
    typer.echo(lag_line(lags(rows)))


async def _over_http(bench: "Bench", cell: "Cell", fleet: Path, timeout: float) -> "pl.DataFrame":
    from pipeline.loadtest import open_site, run_wall_cell

    site = await open_site(bench, cell, fleet, timeout)
    return await run_wall_cell(cell, bench.rig(), site)
