"""The router as a server of finite rate, on the virtual clock: the event loop of a cell."""

import heapq
import math
from collections import deque
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from pipeline.fleet import Sequence, VirtualFleet, request_fault
from pipeline.loadtest._decision import Believed, Decision
from pipeline.loadtest._polls import Polls
from pipeline.loadtest._setup import Setup
from pipeline.loadtest._source import Source
from pipeline.scheduling import (
    Assignment,
    Batch,
    FleetState,
    Trace,
)

__all__ = ["Router"]

Floats = NDArray[np.float64]

_FAILURES = {"error": "HTTP 500", "reset": "the stream ended early"}


@dataclass
class Router:
    """The router in front of the engines.

    `workers` batches are decided at the same time. A batch takes base + per_request * size; the
    state that it is decided on is the one at the end of that time, because reading it is the last
    thing a router does.

    Attributes:
        setup: what decides about what.
        source: the requests.
        rows: prompt row of each request.
        draws: uniform in [0, 1), one per request, for faults that hit a share of them.
        polls_rng: stream of lost telemetry.
        explain, trace: the request whose decision is kept, and why it went where it went.
    """

    setup: Setup
    source: Source
    rows: list[int]
    draws: Floats
    polls_rng: np.random.Generator
    explain: int | None = None
    trace: Trace | None = None
    engines: VirtualFleet = field(init=False)
    polls: Polls = field(init=False)
    on_the_way: deque[tuple[float, int, Sequence]] = field(default_factory=deque)
    silent: dict[int, int] = field(default_factory=dict)
    ends: list[tuple[float, int, int]] = field(default_factory=list)
    lost: list[Sequence] = field(default_factory=list)
    failures: dict[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.engines = self.setup.fleet.virtual()
        self.polls = Polls(self.setup.telemetry, self.engines, self.polls_rng)

    def serve(self) -> list[Decision]:
        """Decide and dispatch every request, then let the engines drain."""
        decisions: list[Decision] = []
        workers = [0.0] * self.setup.batching.workers
        decided = 0.0
        while (start := self._next_start(workers[0])) < math.inf:
            batch = self.source.take(start, self.setup.batcher.most)
            # Workers may end out of order by a rounding; the event loop may not.
            decided = max(decided, start + self.setup.decision_s(len(batch)))
            heapq.heapreplace(workers, decided)
            decisions += self._decide(batch, start, decided)
        self._advance(math.inf)
        self.engines.take_finished()
        for sequence in self.lost:
            sequence.status, sequence.done = "failed", None
        return [replace(one, failure=self.failures.get(one.request)) for one in decisions]

    def _next_start(self, free: float) -> float:
        """When the next batch closes; in a closed loop, let everything before it happen first."""
        while self.source.waits:
            start = self._closing(free)
            on_its_way = self.on_the_way[0][0] if self.on_the_way else math.inf
            event = min(self.engines.next_event(), on_its_way)
            if event >= start:
                return start
            self._pass(event)
        return self._closing(free)

    def _closing(self, free: float) -> float:
        opened = max(free, self.source.earliest())
        if opened == math.inf:
            return opened
        batcher = self.setup.batcher
        return batcher.closes_at(opened, self.source.full_at(batcher.most))

    def _decide(self, batch: list[int], start: float, decided: float) -> list[Decision]:
        self._pass(decided)
        state = self._believe(decided)
        truth = self._truth()
        before = Believed(state.queue, state.pending_decode.copy(), *truth, state.age)
        arrival = decided + self.setup.hop_s
        scheduled = [self.source.scheduled[request] for request in batch]
        rows = [self.rows[request] for request in batch]
        asked = self.setup.asked(rows)
        todo = Batch(rows, asked, arrival - np.array(scheduled))
        wanted: dict[int, Trace | None] = {
            position: None for position, request in enumerate(batch) if request == self.explain
        }
        told = self.setup.policy.assign(todo, self.setup.estimates, state, wanted)
        self.trace = next(iter(wanted.values()), self.trace)
        decisions = []
        for request, assignment, due in zip(batch, told, scheduled, strict=True):
            sequence, cut = self._dispatch(request, assignment, arrival)
            if sequence is None:
                self.source.ended(request, decided)
            decisions.append(
                Decision(
                    request, due, start, decided, len(batch), assignment, sequence, cut, before
                )
            )
        return decisions

    def _dispatch(
        self, request: int, assignment: Assignment, at: float
    ) -> tuple[Sequence | None, bool]:
        """Send a request on its way; return what travels, and whether its budget cut it."""
        if assignment.instance is None:
            return None, False
        setup, chosen = self.setup, assignment.instance
        prompt_tokens = int(setup.estimates.prompt_tokens[assignment.row])
        truth = setup.truth(request)
        full = int(truth.output_tokens[assignment.row, setup.fleet.model_index[chosen]])
        allowed = setup.allowed_tokens(assignment.row, chosen, full)
        predicted = assignment.predicted_tokens
        sequence = Sequence(request, prompt_tokens, allowed, predicted, at)
        setup.keeper.dispatched(request, chosen, prompt_tokens, predicted, at)
        self.on_the_way.append((at, chosen, sequence))
        return sequence, allowed < full

    def _believe(self, now: float) -> FleetState:
        """Credit what the router has heard by `now`, and return what it believes."""
        keeper = self.setup.keeper
        for observed, taken in self.polls.arrived(now):
            keeper.reconcile(observed, taken)
        self.setup.batcher.observe(self.polls.busy_share)
        heard = now - self.setup.hop_s
        if self.silent:
            firsts = self.engines.first_tokens(list(self.silent.values()))
            for request, at in zip(list(self.silent), firsts, strict=True):
                if at <= heard:
                    keeper.first_token(request, float(at))
                    del self.silent[request]
        while self.ends and self.ends[0][0] <= heard:
            at, request, tokens = heapq.heappop(self.ends)
            self.silent.pop(request, None)
            keeper.ended(request, at, tokens)
        return keeper.view(now)

    def _truth(self) -> tuple[Floats, Floats]:
        """Sequences and predicted tokens to come of each instance, those on their way included."""
        observed = self.engines.observe()
        queue, decode = observed[0] + observed[1], observed[3]
        for _, instance, sequence in self.on_the_way:
            queue[instance] += 1
            decode[instance] += max(sequence.predicted_tokens, 1.0)
        return queue, decode

    def _pass(self, now: float) -> None:
        """Let everything up to `now` happen, and telemetry be read on the way."""
        while (at := self.polls.due(now)) <= now:
            self._advance(at)
            self.polls.take(at)
            if at == now:
                break
        self._advance(now)

    def _advance(self, now: float) -> None:
        while self.on_the_way and self.on_the_way[0][0] <= now:
            self._deliver(*self.on_the_way.popleft())
        self.engines.advance(now)
        for sequence in self.engines.take_finished():
            assert sequence.ended is not None
            self._end(sequence, sequence.ended)

    def _deliver(self, at: float, instance: int, sequence: Sequence) -> None:
        fault = request_fault(
            self.setup.fleet.params.faults,
            self.setup.fleet.names[instance],
            at,
            self.draws[sequence.request_id],
        )
        if fault is not None:
            self.lost.append(sequence)
            self.failures[sequence.request_id] = _FAILURES[fault.kind]
            if fault.kind == "error":
                sequence.ended = at
                self._end(sequence, at)
                return
            # The client is gone after so many tokens, and the engine stops working for it.
            sequence.output_tokens = min(fault.tokens, sequence.output_tokens)
        number = self.engines.submit(instance, sequence, at)
        self.silent[sequence.request_id] = number

    def _end(self, sequence: Sequence, at: float) -> None:
        if sequence.status == "failed":
            self.failures[sequence.request_id] = "its instance crashed"
        heapq.heappush(self.ends, (at, sequence.request_id, sequence.generated))
        self.source.ended(sequence.request_id, at)
