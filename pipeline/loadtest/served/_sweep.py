"""A sweep over HTTP: its cells one after the other, interleaved, each kept as it ends."""

from collections.abc import Iterator
from pathlib import Path

from pipeline.loadtest._cell import Cell
from pipeline.loadtest._wall import check_servable
from pipeline.loadtest.served._front import Front, Served, kept_cell
from pipeline.loadtest.served._order import interleaved
from pipeline.params import LoadtestParams
from pipeline.progress import say, track

__all__ = ["sweep_over_http"]


def sweep_over_http(
    front: Front,
    cells: list[Cell],
    params: LoadtestParams,
    kept: Path,
    seed: int,
    *,
    keep_late: bool = False,
) -> Iterator[Served]:
    """Yield what came of every cell, in the order of `cells`, once all have been served.

    They are served in the order of `loadtest.http.order`. A finished cell is kept under its content
    key; a killed sweep that is started again serves only the cells that are missing.

    Args:
        front: who serves.
        cells: what to serve.
        params: section of params.yaml.
        kept: folder of finished cells.
        seed: base seed of a random order.
        keep_late: take cells of a late client too.

    Raises:
        ParamsError: a cell is of a traffic that only a simulation has.
        DataError: the client was late in a cell.
        EndpointError: a server failed as a whole.
    """
    for traffic in dict.fromkeys(cell.traffic for cell in cells):
        check_servable(traffic, params)
    there = sum((kept / f"{front.key(cell)}.parquet").exists() for cell in cells)
    say(f"loadtest over HTTP: {len(cells)} cells, {there} kept from before")
    told: dict[Cell, Served] = {}
    order = interleaved(cells, params.http.order, seed)
    for cell in track(order, len(order), "loadtest cells"):
        told[cell] = kept_cell(front, cell, kept, params.http, keep_late=keep_late)
    for cell in cells:
        yield told[cell]
