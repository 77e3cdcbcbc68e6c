"""Cells on the servers of a fleet file, with the router in this process."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from pipeline.files import content_hash
from pipeline.fleet.telemetry import probe_fleet
from pipeline.loadtest._cell import Cell
from pipeline.loadtest._grid import Bench
from pipeline.loadtest._rig import Rig
from pipeline.loadtest._wall import run_wall_cell
from pipeline.loadtest._wall_open import open_site
from pipeline.loadtest.served._front import Served, wait_idle
from pipeline.params import FleetParams, HttpParams, load_fleet

__all__ = ["OnFleet", "open_fleet"]

_PROBE_S = 3.0


@dataclass(frozen=True)
class OnFleet:
    """The servers of a fleet file as a front.

    Attributes:
        bench, rig: what the cells share.
        file: that declares the servers.
        fleet: what it declares.
        http: how long a request and a fleet's rest may take.
    """

    bench: Bench
    rig: Rig
    file: Path
    fleet: FleetParams
    http: HttpParams

    def key(self, cell: Cell) -> str:
        """The simulated cell's, with who serves."""
        return content_hash(
            {
                "cell": self.bench.key(cell),
                "endpoints": self.fleet.endpoints,
                "timeout_s": self.http.timeout_s,
            }
        )

    def run(self, cell: Cell) -> Served:
        """Serve a cell; see `run_wall_cell` for its rows and errors."""
        wait_idle(self._busy, self.http.settle_s)
        return Served(asyncio.run(self._serve(cell)))

    async def _serve(self, cell: Cell) -> pl.DataFrame:
        site = await open_site(self.bench, cell, self.file, self.http.timeout_s)
        return await run_wall_cell(cell, self.rig, site)

    def _busy(self) -> int:
        """Requests that the servers say are on them."""
        probes = asyncio.run(probe_fleet(self.fleet.endpoints, _PROBE_S))
        samples = [probe.sample for probe in probes.values() if probe.sample is not None]
        return int(sum((one.running or 0) + (one.waiting or 0) for one in samples))


def open_fleet(bench: Bench, file: Path, http: HttpParams) -> OnFleet:
    """Read a fleet file and make ready what the cells share.

    Raises:
        ParamsError: the file is absent or not a fleet.
    """
    return OnFleet(bench, bench.rig(), file, load_fleet(file), http)
