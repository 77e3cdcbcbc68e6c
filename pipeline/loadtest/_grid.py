"""The grid of a load test: cells in parallel, each kept as it ends."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import astuple, dataclass, field
from functools import partial
from pathlib import Path

import polars as pl

from pipeline.engine import Engine, run_jobs
from pipeline.errors import UnknownNameError
from pipeline.files import content_hash
from pipeline.fleet import Fleet
from pipeline.fleet.steptime import without_file
from pipeline.loadtest._cell import Cell, run_cell
from pipeline.loadtest._rig import Rig
from pipeline.loadtest._workload import Workload
from pipeline.params import STEADY, FleetParams, LoadtestParams
from pipeline.predictors import load_latency
from pipeline.progress import say, track
from pipeline.rows import REQUESTS
from pipeline.schema import read_rows, write_rows
from pipeline.stage import Paths
from pipeline.workload.arrivals import Trace

__all__ = ["Bench", "cells_of", "run_grid"]


@dataclass(frozen=True)
class Bench:
    """Everything that the cells of one load test share.

    Attributes:
        params: section of params.yaml.
        fleet: declaration of the instances.
        workloads: the prompts by split.
        latency_folder: the trained heads.
        seed: base seed.
        inputs: hash of the files that the workload, the heads and the trace came from.
        traces: times to replay, by the traffic whose arrivals name a trace.
        quality_folder, length_folder: the trained predictors that read prompts.
    """

    params: LoadtestParams
    fleet: FleetParams
    workloads: Mapping[str, Workload]
    latency_folder: Path
    seed: int
    inputs: str
    traces: Mapping[str, Trace] = field(default_factory=dict)
    quality_folder: Path = Paths.QUALITY
    length_folder: Path = Paths.LENGTH

    def rig(self) -> Rig:
        """Load the heads and lay out the fleet; what comes back needs no file any more."""
        latency = load_latency(self.latency_folder)
        tiers = {name: without_file(tier) for name, tier in self.fleet.tiers.items()}
        fleet = Fleet.of(self.fleet.model_copy(update={"tiers": tiers}))
        return Rig(self.params, fleet, self.workloads, latency, self.seed, self.traces)

    def key(self, cell: Cell) -> str:
        """Content key of a cell: whatever can change its rows, and nothing else."""
        arm = self.params.arms[cell.arm]
        grid = {"arms", "weights", "rates", "seeds", "steady_arms", "arrivals", "traffic"}
        shared = self.params.model_dump(exclude=grid | {"requests", "over", "http"})
        shape = self.params.shape(cell.traffic)
        weights = self.params.weights[arm.weights].model_dump() if arm.weights else None
        return content_hash(
            {
                "cell": [part for part in astuple(cell) if part is not None],
                "arm": arm.model_dump(),
                "weights": weights,
                "shared": shared,
                "shape": shape.model_dump(exclude={"arms", "rates", "requests"}),
                "requests": self.params.requests_of(cell.traffic),
                "fleet": self.fleet.model_dump(),
                "seed": self.seed,
                "inputs": self.inputs,
                "columns": REQUESTS.names,
            }
        )


def cells_of(
    params: LoadtestParams,
    arms: list[str] | None = None,
    rates: list[float] | None = None,
    seeds: list[int] | None = None,
    traffic: list[str] | None = None,
) -> list[Cell]:
    """List the cells of the grid, or of a part of it; rates and seeds may be new ones.

    Raises:
        UnknownNameError: an arm or a traffic that params.yaml does not declare.
    """
    for arm in arms or []:
        if arm not in params.arms:
            raise UnknownNameError("arm", arm, params.arms, "loadtest.arms")
    shapes = [STEADY, *params.traffic]
    for shape in traffic or []:
        if shape not in shapes:
            raise UnknownNameError("traffic", shape, shapes, "loadtest.traffic")
    return [
        Cell(arm, rate, seed, shape)
        for shape in (traffic or shapes)
        for seed in (seeds or params.seeds)
        for rate in (rates or params.shape(shape).rates)
        for arm in (arms or params.shape(shape).arms)
    ]


def run_grid(
    bench: Bench, cells: list[Cell], kept: Path, jobs: int | None, engine: Engine = "process"
) -> Iterator[pl.DataFrame]:
    """Yield the rows of every cell, in the order of `cells`.

    A finished cell is kept under its content key in `kept`, whole or not at all; a killed run that
    is started again simulates only the cells that are missing.

    Args:
        bench: what the cells share.
        cells: what to run.
        kept: folder of finished cells.
        jobs: cells at a time; None for every processor.
        engine: where they run.
    """
    paths = [kept / f"{bench.key(cell)}.parquet" for cell in cells]
    todo = [(cell, path) for cell, path in zip(cells, paths, strict=True) if not path.exists()]
    say(f"loadtest: {len(cells)} cells, {len(cells) - len(todo)} kept from before")
    if todo:
        # A cell costs nothing but time: one whose worker is lost is started again.
        ran = run_jobs(engine, partial(_setup, bench.rig()), todo, workers=jobs, retries=2)
        for path, rows in track(ran, len(todo), "loadtest cells"):
            write_rows(rows, path, REQUESTS)
    for path in paths:
        yield read_rows(path, REQUESTS)


def _setup(rig: Rig) -> Callable[[tuple[Cell, Path]], Iterator[tuple[Path, pl.DataFrame]]]:
    def work(job: tuple[Cell, Path]) -> Iterator[tuple[Path, pl.DataFrame]]:
        cell, path = job
        yield path, run_cell(cell, rig)

    return work
