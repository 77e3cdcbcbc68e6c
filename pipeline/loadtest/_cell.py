"""One cell of a load test: one arm at one rate with one seed, on the virtual clock."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from pipeline.fleet import Fleet
from pipeline.loadtest._record import record
from pipeline.loadtest._router import Router
from pipeline.loadtest._source import Source
from pipeline.loadtest._workload import Workload
from pipeline.params import ClosedParams, LoadtestParams
from pipeline.predictors import LatencyModel
from pipeline.scheduling import make_policy
from pipeline.streams import stream
from pipeline.workload.arrivals import ClosedLoop, Trace, arrival_times

__all__ = ["Cell", "run_cell"]


@dataclass(frozen=True, order=True)
class Cell:
    """Coordinates in the grid of a load test; rate in requests/s."""

    arm: str
    rate: float
    seed: int


def run_cell(
    cell: Cell,
    params: LoadtestParams,
    fleet: Fleet,
    workload: Workload,
    latency: LatencyModel | None,
    seed: int,
    trace: Trace | None = None,
) -> pl.DataFrame:
    """Simulate one cell; return one REQUESTS row per request, labelled simulated.

    Cells of equal rate and seed share arrivals, prompts and faults whatever their arm: common
    random numbers.

    Args:
        cell: which.
        params: section of params.yaml.
        fleet, workload, latency: what serves, what is asked, and the trained heads.
        seed: base seed.
        trace: times to replay, where params.arrivals names one.
    """
    source = _source(cell, params, seed, trace)
    rows = _prompts(cell, params.requests, len(workload.prompt_ids), seed)
    policy = make_policy(
        params.arms[cell.arm],
        fleet,
        params.weights,
        params.scales,
        latency,
        workload.best_single,
        stream(seed, "arm", cell.arm, cell.rate, cell.seed),
    )
    draws = stream(seed, "faults", cell.rate, cell.seed).random(params.requests)
    router = Router(params, fleet, workload, policy, source, rows, draws)
    return record(cell.arm, cell.rate, cell.seed, router.serve(), params, fleet, workload)


def _source(cell: Cell, params: LoadtestParams, seed: int, trace: Trace | None) -> Source:
    draw = stream(seed, "arrivals", cell.rate, cell.seed)
    if isinstance(params.arrivals, ClosedParams):
        loop = ClosedLoop(params.arrivals, draw)
        return Source(
            loop.first(min(params.arrivals.users, params.requests)), params.requests, loop
        )
    times = arrival_times(params.arrivals, cell.rate, params.requests, draw, trace)
    return Source(times, params.requests)


def _prompts(cell: Cell, requests: int, prompts: int, seed: int) -> list[int]:
    """Prompt row of every request: every prompt once before any comes again."""
    draw = stream(seed, "prompts", cell.rate, cell.seed)
    rounds = -(-requests // prompts)
    rows = np.concatenate([draw.permutation(prompts) for _ in range(rounds)])[:requests]
    return [int(row) for row in rows]
