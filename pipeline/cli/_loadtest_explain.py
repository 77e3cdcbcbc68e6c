"""`routebalance loadtest explain`: why a request went where it went."""

from typing import Annotated

import typer

from pipeline.cli._loadtest_options import Traffic
from pipeline.stage import Paths

__all__ = ["explain"]


def explain(
    arm: Annotated[str, typer.Option(help="An arm of loadtest.arms.")],
    rate: Annotated[float, typer.Option(min=0.001, help="Offered rate, requests/s.")],
    request: Annotated[int, typer.Option(min=0, help="Number of the request, from 0.")],
    seed: Annotated[int, typer.Option(help="Replication.")] = 1,
    traffic: Traffic = "steady",
) -> None:
    """Say why a request of a simulated cell went where it went."""
    from pipeline.loadtest import cells_of, open_bench
    from pipeline.loadtest import explain as explained
    from pipeline.params import load_params
    from pipeline.scheduling import explanation

    params = load_params(Paths.PARAMS)
    [cell] = cells_of(params.loadtest, [arm], [rate], [seed], [traffic])
    rig = open_bench(params).rig()
    trace = explained(cell, request, rig)
    if trace is None:
        typer.echo(f"request {request} was refused: nobody could meet what it asks for")
        return
    for line in explanation(trace, rig.fleet.names):
        typer.echo(line)
