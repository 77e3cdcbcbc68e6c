"""`routebalance loadtest capacity`: the highest rate that an arm carries within an SLO."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli._loadtest_options import (
    AdminKeyVariable,
    Chosen,
    FleetFile,
    GatewayUrl,
    KeyVariable,
    Latency,
    Length,
    Predictors,
    Quality,
    Timeout,
    Traffic,
    Where,
)
from pipeline.stage import Paths

__all__ = ["capacity"]

_Limit = Annotated[float | None, typer.Option(min=0.001, help="Limit, s from the schedule.")]


def capacity(
    arm: Annotated[str, typer.Option(help="An arm of loadtest.arms.")],
    attainment: Annotated[
        float, typer.Option(min=0.01, max=1.0, help="Share of all requests that meets the SLO.")
    ] = 0.95,
    ttft: _Limit = None,
    tpot: Annotated[float | None, typer.Option(min=1e-6, help="Limit, s per output token.")] = None,
    e2e: _Limit = None,
    seeds: Annotated[str, typer.Option(help="Seeds; default loadtest.seeds.")] = "",
    traffic: Traffic = "steady",
    start: Annotated[
        float | None,
        typer.Option(min=0.001, help="Rate to begin at; default the middle one of the traffic."),
    ] = None,
    precision: Annotated[
        float, typer.Option(min=0.001, max=0.5, help="Relative distance of the rates tried.")
    ] = 0.02,
    seconds: Annotated[
        float,
        typer.Option(min=1.0, help="Least length of a cell; it has more requests if need be."),
    ] = 60.0,
    budget_cells: Annotated[int, typer.Option(min=4, help="Most cells, of all seeds.")] = 100,
    fleet: FleetFile = None,
    gateway: GatewayUrl = None,
    key_variable: KeyVariable = None,
    admin_key_variable: AdminKeyVariable = None,
    timeout: Timeout = None,
    predictors: Predictors = "current",
    quality: Quality = "",
    length: Length = "",
    latency: Latency = "",
    out: Annotated[Path | None, typer.Option(help="CSV file for the curve.")] = None,
) -> None:
    """Search the highest rate at which enough of all requests meets the SLO; simulated or served.

    Failures and refusals are misses. Without --ttft, --tpot and --e2e the requests' own objectives
    count (loadtest.objectives). Cells are kept, so that a search can be interrupted and repeated.
    """
    from pipeline.cli._lists import integers
    from pipeline.files import write_text
    from pipeline.loadtest import cells_of, check_servable
    from pipeline.loadtest.capacity import (
        Ladder,
        capacity_lines,
        check_open,
        find_capacity,
    )
    from pipeline.loadtest.served import kept_cell
    from pipeline.params import LimitParams, load_params

    params = load_params(Paths.PARAMS)
    cells_of(params.loadtest, [arm], None, None, [traffic])  # refuses names that nobody declared
    check_open(params.loadtest, traffic)
    rates = sorted(params.loadtest.shape(traffic).rates)
    where = Where(fleet, gateway, key_variable, admin_key_variable, timeout)
    if not where.simulated:
        check_servable(traffic, params.loadtest)
    front = where.front(params, Chosen(predictors, quality, length, latency))
    http = where.http(params)
    found = find_capacity(
        lambda cell: kept_cell(front, cell, Paths.KEPT / "loadtest", http).rows,
        arm,
        traffic,
        integers(seeds) or list(params.loadtest.seeds),
        LimitParams(ttft_s=ttft, tpot_s=tpot, e2e_s=e2e),
        least=attainment,
        ladder=Ladder(start or rates[len(rates) // 2], precision),
        budget=budget_cells,
        fewest=params.loadtest.requests_of(traffic),
        seconds=seconds,
    )
    for line in capacity_lines(found):
        typer.echo(line)
    if out is not None:
        write_text(out, found.curve.write_csv())
        typer.echo(f"written: {out}")
