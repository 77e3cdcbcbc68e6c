"""One cell of a load test: one arm at one rate with one seed, on the virtual clock."""

from collections import deque
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.fleet import Fleet, Sequence, VirtualFleet, request_fault
from pipeline.loadtest._record import Decision, record
from pipeline.loadtest._workload import Workload
from pipeline.params import LoadtestParams
from pipeline.predictors import LatencyModel
from pipeline.scheduling import Ledger, Policy, make_policy
from pipeline.streams import stream

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
) -> pl.DataFrame:
    """Simulate one cell; return one REQUESTS row per request, labelled simulated.

    Arrivals are Poisson at exactly the named rate, never rescaled. Cells of equal rate and seed
    share arrivals and prompts whatever their arm: common random numbers.
    """
    arrivals, rows = _offered(cell, params.requests, len(workload.prompt_ids), seed)
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
    decisions = _Router(params, fleet, workload, policy, draws).serve(arrivals, rows)
    return record(cell.arm, cell.rate, cell.seed, decisions, params, fleet, workload)


def _offered(
    cell: Cell, requests: int, prompts: int, seed: int
) -> tuple[NDArray[np.float64], list[int]]:
    """Arrival times, s, and prompt rows: every prompt once before any comes again."""
    gaps = stream(seed, "arrivals", cell.rate, cell.seed).exponential(1 / cell.rate, requests)
    draw = stream(seed, "prompts", cell.rate, cell.seed)
    rounds = -(-requests // prompts)
    rows = np.concatenate([draw.permutation(prompts) for _ in range(rounds)])[:requests]
    return np.cumsum(gaps), [int(row) for row in rows]


@dataclass
class _Router:
    """The router as a server of finite rate in front of the engines.

    A batch closes as soon as the router is free, with whatever has arrived by then up to the size
    cap: an idle router never makes a request wait for company.
    """

    params: LoadtestParams
    fleet: Fleet
    workload: Workload
    policy: Policy
    draws: NDArray[np.float64]
    engines: VirtualFleet = field(init=False)
    ledger: Ledger = field(default_factory=Ledger)
    on_the_way: deque[tuple[float, int, Sequence]] = field(default_factory=deque)
    lost: list[Sequence] = field(default_factory=list)
    observed: NDArray[np.float64] = field(init=False)
    taken: float = -np.inf

    def __post_init__(self) -> None:
        self.engines = self.fleet.virtual()

    def serve(self, arrivals: NDArray[np.float64], rows: list[int]) -> list[Decision]:
        """Decide and dispatch every request, then let the engines drain."""
        decisions: list[Decision] = []
        free, first = 0.0, 0
        cap = self.params.router.max_batch
        while first < len(arrivals):
            start = max(free, float(arrivals[first]))
            last = int(np.searchsorted(arrivals, start, side="right"))
            last = min(last, first + cap)
            free = start + self._decision_s(last - first)
            batch = list(range(first, last))
            decisions += self._decide(batch, [rows[i] for i in batch], arrivals, start, free)
            first = last
        self._deliver(np.inf)
        self.engines.advance(np.inf)
        self.engines.take_finished()
        for sequence in self.lost:
            sequence.status, sequence.done = "failed", None
        return decisions

    def _decision_s(self, size: int) -> float:
        router = self.params.router
        cost = router.predictive if self.policy.reads_prompt else router.simple
        return (cost.base_ms + cost.per_request_ms * size) * 1e-3

    def _decide(
        self,
        batch: list[int],
        rows: list[int],
        arrivals: NDArray[np.float64],
        start: float,
        decided: float,
    ) -> list[Decision]:
        self._read_telemetry(start)
        state = self.ledger.view(self.observed, self.taken)
        dispatched = decided + self.params.router.hop_ms * 1e-3
        decisions = []
        for assignment in self.policy.assign(rows, self.workload.estimates, state):
            request = batch[assignment.position]
            model = self.fleet.model_index[assignment.instance]
            prompt_tokens = int(self.workload.estimates.prompt_tokens[assignment.row])
            sequence = Sequence(
                request,
                prompt_tokens,
                int(self.workload.output_tokens[assignment.row, model]),
                assignment.predicted_tokens,
                dispatched,
            )
            self.ledger.record(
                dispatched, assignment.instance, prompt_tokens, assignment.predicted_tokens
            )
            self.on_the_way.append((dispatched, assignment.instance, sequence))
            decisions.append(
                Decision(
                    scheduled=float(arrivals[request]),
                    started=start,
                    decided=decided,
                    batch_size=len(batch),
                    assignment=assignment,
                    sequence=sequence,
                )
            )
        return decisions

    def _read_telemetry(self, now: float) -> None:
        if now - self.taken < self.params.router.telemetry_period_s:
            return
        self._deliver(now)
        self.engines.advance(now)
        self.observed = self.engines.observe()
        self.taken = now

    def _deliver(self, now: float) -> None:
        while self.on_the_way and self.on_the_way[0][0] <= now:
            at, instance, sequence = self.on_the_way.popleft()
            fault = request_fault(
                self.fleet.params.faults,
                self.fleet.names[instance],
                at,
                self.draws[sequence.request_id],
            )
            if fault is not None:
                self.lost.append(sequence)
                if fault.kind == "error":
                    continue
                # The client is gone after so many tokens, and the engine stops working for it.
                sequence.output_tokens = min(fault.tokens, sequence.output_tokens)
            self.engines.submit(instance, sequence, at)
