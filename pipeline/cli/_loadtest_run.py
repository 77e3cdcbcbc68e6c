"""`routebalance loadtest run`: one cell."""

from typing import Annotated

import typer

from pipeline.cli._loadtest_options import (
    AdminKeyVariable,
    Chosen,
    FleetFile,
    GatewayUrl,
    KeepLate,
    KeyVariable,
    Latency,
    Length,
    Out,
    Predictors,
    Quality,
    Texts,
    Timeout,
    Traffic,
    Where,
)
from pipeline.stage import Paths

__all__ = ["run"]


def run(
    arm: Annotated[str, typer.Option(help="An arm of loadtest.arms.")],
    rate: Annotated[float, typer.Option(min=0.001, help="Offered rate, requests/s.")],
    seed: Annotated[int, typer.Option(help="Replication; equal seeds share arrivals.")] = 1,
    traffic: Traffic = "steady",
    fleet: FleetFile = None,
    gateway: GatewayUrl = None,
    key_variable: KeyVariable = None,
    admin_key_variable: AdminKeyVariable = None,
    timeout: Timeout = None,
    keep_late: KeepLate = False,
    predictors: Predictors = "current",
    quality: Quality = "",
    length: Length = "",
    latency: Latency = "",
    texts: Texts = None,
    out: Out = None,
) -> None:
    """Run one cell: one arm, one rate, one seed."""
    from pipeline.cli._loadtest_rows import show, write_texts
    from pipeline.loadtest import cells_of, check_servable, refuse_late
    from pipeline.loadtest.served import kept_cell
    from pipeline.params import load_params

    params = load_params(Paths.PARAMS)
    [cell] = cells_of(params.loadtest, [arm], [rate], [seed], [traffic])
    where = Where(fleet, gateway, key_variable, admin_key_variable, timeout)
    if not where.simulated:
        check_servable(cell.traffic, params.loadtest)
    chosen = Chosen(predictors, quality, length, latency)
    front = where.front(params, chosen, keep_texts=texts is not None)
    if where.simulated:
        served = kept_cell(front, cell, Paths.KEPT / "loadtest", where.http(params))
    else:
        # A measurement that is asked for is taken.
        served = front.run(cell)
        if not keep_late:
            refuse_late(served.rows, where.http(params))
    show(served.rows, out)
    if texts is not None:
        write_texts([served], texts)
