"""The router as a server of finite rate, on the virtual clock: the event loop of a cell."""

import math
from collections import deque
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pipeline.fleet import Fleet, Sequence, VirtualFleet, request_fault
from pipeline.loadtest._record import Decision
from pipeline.loadtest._source import Source
from pipeline.loadtest._workload import Workload
from pipeline.params import LoadtestParams
from pipeline.scheduling import Ledger, Policy

__all__ = ["Router"]


@dataclass
class Router:
    """The router in front of the engines.

    A batch closes as soon as the router is free, with whatever has arrived by then up to the size
    cap: an idle router never makes a request wait for company.

    Attributes:
        params, fleet, workload, policy: what decides about what.
        source: the requests.
        rows: prompt row of each request.
        draws: uniform in [0, 1), one per request, for faults that hit a share of them.
    """

    params: LoadtestParams
    fleet: Fleet
    workload: Workload
    policy: Policy
    source: Source
    rows: list[int]
    draws: NDArray[np.float64]
    engines: VirtualFleet = field(init=False)
    ledger: Ledger = field(default_factory=Ledger)
    on_the_way: deque[tuple[float, int, Sequence]] = field(default_factory=deque)
    lost: list[Sequence] = field(default_factory=list)
    observed: NDArray[np.float64] = field(init=False)
    taken: float = -math.inf

    def __post_init__(self) -> None:
        self.engines = self.fleet.virtual()

    def serve(self) -> list[Decision]:
        """Decide and dispatch every request, then let the engines drain."""
        decisions: list[Decision] = []
        free = 0.0
        while (start := self._next_start(free)) < math.inf:
            batch = self.source.take(start, self.params.router.max_batch)
            free = start + self._decision_s(len(batch))
            decisions += self._decide(batch, start, free)
        self._deliver(math.inf)
        self.engines.advance(math.inf)
        self.engines.take_finished()
        for sequence in self.lost:
            sequence.status, sequence.done = "failed", None
        return decisions

    def _next_start(self, free: float) -> float:
        """Time of the next decision; in a closed loop, let everything before it happen first."""
        while self.source.waits:
            for sequence in self.engines.take_finished():
                self.source.ended(sequence)
            start = max(free, self.source.earliest())
            on_its_way = self.on_the_way[0][0] if self.on_the_way else math.inf
            event = min(self.engines.next_event(), on_its_way)
            if event >= start:
                return start
            self._deliver(event)
            self.engines.advance(event)
        return max(free, self.source.earliest())

    def _decision_s(self, size: int) -> float:
        router = self.params.router
        cost = router.predictive if self.policy.reads_prompt else router.simple
        return (cost.base_ms + cost.per_request_ms * size) * 1e-3

    def _decide(self, batch: list[int], start: float, decided: float) -> list[Decision]:
        self._read_telemetry(start)
        state = self.ledger.view(self.observed, self.taken)
        dispatched = decided + self.params.router.hop_ms * 1e-3
        decisions = []
        rows = [self.rows[request] for request in batch]
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
                    scheduled=self.source.scheduled[request],
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
                    sequence.ended = at
                    self.source.ended(sequence)
                    continue
                # The client is gone after so many tokens, and the engine stops working for it.
                sequence.output_tokens = min(fault.tokens, sequence.output_tokens)
            self.engines.submit(instance, sequence, at)
