"""One cell of a load test: an arm, a traffic, a rate and a seed, on the virtual clock."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from pipeline.errors import ParamsError
from pipeline.fleet import Fleet
from pipeline.loadtest._record import RunKey, record
from pipeline.loadtest._router import Router
from pipeline.loadtest._setup import set_up
from pipeline.loadtest._source import Source
from pipeline.loadtest._workload import Workload
from pipeline.params import STEADY, ClosedParams, LoadtestParams, TrafficParams
from pipeline.predictors import LatencyModel
from pipeline.scheduling import Trace
from pipeline.streams import stream
from pipeline.workload.arrivals import ClosedLoop, arrival_times
from pipeline.workload.arrivals import Trace as ArrivalTrace

__all__ = ["Cell", "explain", "plan_cell", "run_cell"]


@dataclass(frozen=True, order=True)
class Cell:
    """Coordinates in the grid of a load test; rate in requests/s."""

    arm: str
    rate: float
    seed: int
    traffic: str = STEADY


def run_cell(
    cell: Cell,
    params: LoadtestParams,
    fleet: Fleet,
    workload: Workload,
    latency: LatencyModel | None,
    seed: int,
    trace: ArrivalTrace | None = None,
) -> pl.DataFrame:
    """Simulate one cell; return one REQUESTS row per request, labelled simulated.

    Cells of equal traffic, rate and seed share arrivals, prompts and faults whatever their arm:
    common random numbers.

    Args:
        cell: which.
        params: section of params.yaml.
        fleet, workload, latency: what serves, what is asked, and the trained heads.
        seed: base seed.
        trace: times to replay, where the arrivals name one.
    """
    router = plan_cell(cell, params, fleet, workload, latency, seed, trace)
    key = RunKey(cell.traffic, cell.arm, cell.rate, cell.seed, "simulated")
    return record(key, router.serve(), router.setup, params.warmup_requests)


def explain(
    cell: Cell,
    request: int,
    params: LoadtestParams,
    fleet: Fleet,
    workload: Workload,
    latency: LatencyModel | None,
    seed: int,
    trace: ArrivalTrace | None = None,
) -> Trace | None:
    """Run a cell and return why one request went where it went; None if it was refused.

    Raises:
        ParamsError: the cell has no such request.
    """
    requests = params.shape(cell.traffic).requests or params.requests
    if not 0 <= request < requests:
        raise ParamsError(f"request {request}: the cell has the requests 0 to {requests - 1}")
    router = plan_cell(cell, params, fleet, workload, latency, seed, trace)
    router.explain = request
    router.serve()
    return router.trace


def _prompt_rows(cell: Cell, requests: int, prompts: int, seed: int) -> list[int]:
    """Prompt row of every request: every prompt once before any comes again."""
    draw = stream(seed, "prompts", *_coordinates(cell))
    rounds = -(-requests // prompts)
    rows = np.concatenate([draw.permutation(prompts) for _ in range(rounds)])[:requests]
    return [int(row) for row in rows]


def plan_cell(
    cell: Cell,
    params: LoadtestParams,
    fleet: Fleet,
    workload: Workload,
    latency: LatencyModel | None,
    seed: int,
    trace: ArrivalTrace | None = None,
) -> Router:
    """Return the router of a cell, ready to serve; the arguments are those of `run_cell`."""
    shape = params.shape(cell.traffic)
    requests = shape.requests or params.requests
    run = _coordinates(cell)
    return Router(
        set_up(cell.arm, params, fleet, workload, latency, seed, *run),
        _source(shape, cell, requests, seed, trace),
        _prompt_rows(cell, requests, len(workload.prompt_ids), seed),
        stream(seed, "faults", *run).random(requests),
        stream(seed, "telemetry", *run),
    )


def _source(
    shape: TrafficParams, cell: Cell, requests: int, seed: int, trace: ArrivalTrace | None
) -> Source:
    draw = stream(seed, "arrivals", *_coordinates(cell))
    if isinstance(shape.arrivals, ClosedParams):
        loop = ClosedLoop(shape.arrivals, draw)
        return Source(loop.first(min(shape.arrivals.users, requests)), requests, loop)
    return Source(arrival_times(shape.arrivals, cell.rate, requests, draw, trace), requests)


def _coordinates(cell: Cell) -> tuple[float | int | str, ...]:
    """What the random numbers of a cell depend on; the steady traffic goes without its name."""
    shape = () if cell.traffic == STEADY else (cell.traffic,)
    return (*shape, cell.rate, cell.seed)
