"""Where cells run: in a simulation, on servers that this process routes to, behind a gateway."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import polars as pl

from pipeline.errors import EndpointError
from pipeline.loadtest._cell import Cell, run_cell
from pipeline.loadtest._grid import Bench
from pipeline.loadtest._lag import refuse_late
from pipeline.loadtest._rig import Rig
from pipeline.params import HttpParams
from pipeline.rows import REQUESTS, SERVED
from pipeline.schema import read_rows, write_rows

__all__ = ["Front", "Served", "Simulation", "kept_cell", "wait_idle"]

_BETWEEN_LOOKS_S = 0.2


@dataclass(frozen=True)
class Served:
    """REQUESTS rows of a cell, and SERVED rows where the texts were to be kept."""

    rows: pl.DataFrame
    texts: pl.DataFrame | None = None


class Front(Protocol):
    """Whoever can run a cell."""

    def key(self, cell: Cell) -> str:
        """Content key: whatever can change what the cell is like, and nothing else."""

    def run(self, cell: Cell) -> Served:
        """Run it, to the end of its last request."""


@dataclass(frozen=True)
class Simulation:
    """The virtual clock as a front."""

    bench: Bench
    rig: Rig

    def key(self, cell: Cell) -> str:
        """That of a sweep, so that both use the same kept cells."""
        return self.bench.key(cell)

    def run(self, cell: Cell) -> Served:
        """Simulate it."""
        return Served(run_cell(cell, self.rig))


def kept_cell(
    front: Front, cell: Cell, folder: Path, http: HttpParams, *, keep_late: bool = False
) -> Served:
    """Run a cell, or return it as it was kept under its content key when it ran before.

    Args:
        front: where it runs.
        cell: which.
        folder: of the kept cells.
        http: when rows of a late client are refused.
        keep_late: take them nevertheless; such a cell is not kept for the next run.

    Raises:
        DataError: the client was late.
    """
    path = folder / f"{front.key(cell)}.parquet"
    texts = path.with_suffix(".served.parquet")
    if path.exists():
        kept = read_rows(texts, SERVED) if texts.exists() else None
        return Served(read_rows(path, REQUESTS), kept)
    served = front.run(cell)
    if keep_late:
        return served
    refuse_late(served.rows, http)
    # The rows come last: where they are, all is there.
    if served.texts is not None:
        write_rows(served.texts, texts, SERVED)
    write_rows(served.rows, path, REQUESTS)
    return served


def wait_idle(
    busy: Callable[[], int],
    most_s: float,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Wait until nothing is under way, so that no cell is served beside the rest of another.

    Args:
        busy: requests that are queued or under way.
        most_s: longest wait, s.
        clock, sleep: of the machine.

    Raises:
        EndpointError: the fleet does not come to rest.
    """
    until = clock() + most_s
    while under_way := busy():
        if clock() >= until:
            raise EndpointError(
                f"{under_way} requests are still under way in the fleet after {most_s:g} s; "
                "end what else uses it, or wait longer (loadtest.http.settle_s)"
            )
        sleep(_BETWEEN_LOOKS_S)
