"""`routebalance loadtest sweep`: a grid of cells."""

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from pipeline.cli._engine import EngineOption
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
    Where,
)
from pipeline.stage import Paths

if TYPE_CHECKING:
    from pipeline.loadtest import Cell
    from pipeline.loadtest.served import Served
    from pipeline.params import Params

__all__ = ["sweep"]

Order = Literal["abba", "random"]


def sweep(
    arms: Annotated[str, typer.Option(help="Arms, separated by commas; default all.")] = "",
    rates: Annotated[str, typer.Option(help="Rates, requests/s; default loadtest.rates.")] = "",
    seeds: Annotated[str, typer.Option(help="Seeds; default loadtest.seeds.")] = "",
    traffic: Annotated[str, typer.Option(help="Shapes of traffic, by commas.")] = "steady",
    aa: Annotated[
        str | None,
        typer.Option(help="Over HTTP: serve this arm twice, as ARM and ARM:aa, and compare."),
    ] = None,
    order: Annotated[
        Order | None,
        typer.Option(help="Over HTTP: of the arms, there and back or drawn; see loadtest.http."),
    ] = None,
    jobs: Annotated[
        int | None, typer.Option(min=1, help="Cells at a time; default every processor.")
    ] = None,
    engine: EngineOption = "process",
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
    """Run a grid of cells, arms x rates x seeds: simulated, or one by one over HTTP.

    Over HTTP arms take turns, so that none always comes first. Finished cells are kept: a sweep
    that is started again serves only those that are missing.
    """
    import polars as pl

    from pipeline.cli._lists import integers, rates_of
    from pipeline.cli._lists import texts as names
    from pipeline.cli._loadtest_rows import show, write_texts
    from pipeline.errors import ParamsError
    from pipeline.loadtest import cells_of, run_grid
    from pipeline.params import load_params

    params = load_params(Paths.PARAMS)
    asked = [*dict.fromkeys([*names(arms), *names(aa or "")])]
    cells = cells_of(params.loadtest, asked, rates_of(rates), integers(seeds), names(traffic))
    where = Where(fleet, gateway, key_variable, admin_key_variable, timeout, order)
    chosen = Chosen(predictors, quality, length, latency)
    if not where.simulated:
        served = _over_http(params, cells, where, chosen, aa, texts is not None, keep_late)
        show(pl.concat([one.rows for one in served]), out)
        if texts is not None:
            write_texts(served, texts)
        return
    if aa or order or texts:
        raise ParamsError(
            "--aa, --order and --texts go with --fleet or --gateway: a simulated run repeats "
            "itself exactly"
        )
    grid = run_grid(chosen.bench(params), cells, Paths.KEPT / "loadtest", jobs, engine)
    show(pl.concat(list(grid)), out)


def _over_http(
    params: "Params",
    cells: "list[Cell]",
    where: Where,
    chosen: Chosen,
    aa: str | None,
    keep_texts: bool,
    keep_late: bool,
) -> "list[Served]":
    """Serve the cells, and say what one arm differs from itself by if that was asked."""
    import polars as pl

    from pipeline.loadtest.served import WithTwins, floor_lines, floors, sweep_over_http, twinned

    told = twinned(cells, aa)
    http, seed, kept = where.http(params), params.base.seed, Paths.KEPT / "loadtest"
    load = params.loadtest.model_copy(update={"http": http})
    front = WithTwins(where.front(params, chosen, keep_texts=keep_texts))
    served = list(sweep_over_http(front, told, load, kept, seed, keep_late=keep_late))
    if aa is not None:
        rows = pl.concat([one.rows for one in served])
        for line in floor_lines(floors(rows, told, http.order, seed, aa)):
            typer.echo(line)
    return served
