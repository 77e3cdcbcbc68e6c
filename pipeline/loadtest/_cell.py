"""One cell of a load test: an arm, a traffic, a rate and a seed, on the virtual clock."""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.errors import DataError, ParamsError
from pipeline.loadtest._record import RunKey, record
from pipeline.loadtest._rig import Rig
from pipeline.loadtest._router import Router
from pipeline.loadtest._setup import set_up
from pipeline.loadtest._source import Source
from pipeline.params import STEADY, ChangeParams, ClosedParams
from pipeline.scheduling import Trace
from pipeline.streams import stream
from pipeline.workload.arrivals import ClosedLoop, arrival_times

__all__ = ["Cell", "arrivals_of", "explain", "plan_cell", "prompt_rows", "run_cell"]


@dataclass(frozen=True, order=True)
class Cell:
    """Coordinates in the grid of a load test; rate in requests/s.

    `draws` is the rate whose random numbers it uses, its own by default. Cells of several rates
    that use those of one have the same arrivals, closer together or further apart. `requests` is
    how many it has, those of params.yaml by default; more of them begin with the same ones.
    """

    arm: str
    rate: float
    seed: int
    traffic: str = STEADY
    draws: float | None = None
    requests: int | None = None

    def count(self, rig: Rig) -> int:
        """How many requests it has."""
        return self.requests or rig.params.requests_of(self.traffic)


def run_cell(cell: Cell, rig: Rig) -> pl.DataFrame:
    """Simulate one cell; return one REQUESTS row per request, labelled simulated.

    Cells of equal traffic, rate and seed share arrivals, prompts and faults whatever their arm:
    common random numbers.
    """
    router = plan_cell(cell, rig)
    split = rig.params.shape(cell.traffic).split
    key = RunKey(cell.traffic, cell.arm, cell.rate, cell.seed, split, "simulated")
    return record(key, router.serve(), router.setup, rig.params.warmup_requests)


def explain(cell: Cell, request: int, rig: Rig) -> Trace | None:
    """Run a cell and return why one request went where it went; None if it was refused.

    Raises:
        ParamsError: the cell has no such request.
    """
    requests = cell.count(rig)
    if not 0 <= request < requests:
        raise ParamsError(f"request {request}: the cell has the requests 0 to {requests - 1}")
    router = plan_cell(cell, rig)
    router.explain = request
    router.serve()
    return router.trace


def plan_cell(cell: Cell, rig: Rig) -> Router:
    """Return the router of a cell, ready to serve."""
    requests, run = cell.count(rig), _coordinates(cell)
    setup = set_up(cell.arm, rig, *run, traffic=cell.traffic)
    times, loop = arrivals_of(cell, rig)
    return Router(
        setup,
        Source(times, requests, loop),
        prompt_rows(cell, rig),
        stream(rig.seed, "faults", *run).random(requests),
        stream(rig.seed, "telemetry", *run),
    )


def prompt_rows(cell: Cell, rig: Rig) -> list[int]:
    """Prompt row of every request: every prompt once before any comes again."""
    draw = stream(rig.seed, "prompts", *_coordinates(cell))
    requests, datasets = cell.count(rig), rig.workload_of(cell.traffic).datasets
    change = rig.params.shape(cell.traffic).change
    if change is None or change.datasets is None:
        return _rounds(np.arange(len(datasets)), requests, draw)
    before, after = _pools(datasets, change, cell.traffic)
    first = change.first(requests)
    return [*_rounds(before, first, draw), *_rounds(after, requests - first, draw)]


def _pools(
    datasets: list[str], change: ChangeParams, traffic: str
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Prompt rows that come before and after a shift of the mix."""
    later = np.isin(datasets, change.datasets or ())
    if later.all() or not later.any():
        known = ", ".join(sorted(set(datasets)))
        raise DataError(
            f"loadtest.traffic.{traffic}.change.datasets: some of the data sets of the prompts are "
            f"accepted, not all and not none; they are {known}"
        )
    return np.flatnonzero(~later), np.flatnonzero(later)


def _rounds(rows: NDArray[np.int64], requests: int, draw: np.random.Generator) -> list[int]:
    rounds = -(-requests // rows.size)
    drawn = [draw.permutation(rows) for _ in range(rounds)]
    return [int(row) for row in np.concatenate([*drawn, rows[:0]])[:requests]]


def arrivals_of(cell: Cell, rig: Rig) -> tuple[NDArray[np.float64], ClosedLoop | None]:
    """Scheduled times, s, of the requests that are known beforehand, and who sends the rest.

    All of them in an open loop, (n,), and nobody; the first of each user in a closed one, (users,).
    """
    requests = cell.count(rig)
    arrivals = rig.params.shape(cell.traffic).arrivals
    draw = stream(rig.seed, "arrivals", *_coordinates(cell))
    if isinstance(arrivals, ClosedParams):
        loop = ClosedLoop(arrivals, draw)
        return loop.first(min(arrivals.users, requests)), loop
    trace = rig.traces.get(cell.traffic)
    return arrival_times(arrivals, cell.rate, requests, draw, trace), None


def _coordinates(cell: Cell) -> tuple[float | int | str, ...]:
    """What the random numbers of a cell depend on; the steady traffic goes without its name."""
    shape = () if cell.traffic == STEADY else (cell.traffic,)
    return (*shape, cell.draws or cell.rate, cell.seed)
