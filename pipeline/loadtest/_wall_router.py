"""The router on the wall clock: the same parts as in the simulation, over HTTP."""

import asyncio
import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np

from pipeline.fleet import Sequence
from pipeline.fleet.live import Client, Reply
from pipeline.fleet.telemetry import Observed
from pipeline.loadtest._decision import Believed, Decision
from pipeline.loadtest._setup import Setup
from pipeline.loadtest._source import Source
from pipeline.loadtest._waiting import wait_anew
from pipeline.loadtest._wall_beliefs import Beliefs
from pipeline.loadtest._wall_polls import busy_share, readings
from pipeline.scheduling import Assignment, Batch, FleetState, SpendingStop

__all__ = ["Seeing", "WallRouter"]


class Seeing(Protocol):
    """Who knows the last readings of all instances, in fleet order."""

    def view(self, now: float) -> list[Observed]: ...


@dataclass
class WallRouter:
    """Issues, decides, dispatches and follows the requests of one run, in one event loop.

    Prompts are read and instances chosen in threads, so that streams keep flowing; everything that
    remembers the fleet is touched by the loop alone. `workers` batches are read at the same time;
    they are assigned one after the other, each on the state that the one before it left.

    Attributes:
        setup: what decides about what.
        source: the requests.
        rows: prompt row of each request.
        texts: prompts of the workload, in its order.
        beliefs: about them; those of the setup.
        clients: connections to the instances, in fleet order.
        telemetry: what the instances last said.
        clock: seconds of the event loop; the run starts at 0 when it serves.
        decisions: of the requests that have ended.
        issued: when each request was, on the clock of the run.
    """

    setup: Setup
    source: Source
    rows: list[int]
    texts: list[str]
    beliefs: Beliefs
    clients: list[Client]
    telemetry: Seeing
    clock: Callable[[], float]
    decisions: list[Decision] = field(default_factory=list)
    issued: dict[int, float] = field(default_factory=dict)
    _queue: deque[tuple[float, int]] = field(default_factory=deque)
    _all_came: bool = False
    _came: asyncio.Event = field(default_factory=asyncio.Event)
    _ended: asyncio.Event = field(default_factory=asyncio.Event)
    _forming: asyncio.Lock = field(default_factory=asyncio.Lock)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def serve(self) -> list[Decision]:
        """Serve every request to its end."""
        fleet = self.setup.fleet
        self._holds = [fleet.params.tiers[tier].kv_tokens for tier in fleet.tiers]
        self._began = self.clock()
        async with asyncio.TaskGroup() as group:
            self._group = group
            group.create_task(self._issue())
            for _ in range(self.setup.batching.workers):
                group.create_task(self._work())
        return self.decisions

    @property
    def _now(self) -> float:
        return self.clock() - self._began

    async def _issue(self) -> None:
        """Put every request into the queue when its time has come, and note when that was."""
        source = self.source
        while source.waits or source.earliest() < math.inf:
            await wait_anew(self._ended, source.earliest() - self._now)
            now = self._now
            for request in source.take(now, len(self.rows)):
                self.issued[request] = now
                self._queue.append((now, request))
            self._came.set()
        self._all_came = True
        self._came.set()

    async def _work(self) -> None:
        while batch := await self._form():
            await self._decide(batch, self._now)

    async def _form(self) -> list[int]:
        """Wait until a batch closes and take it; empty once there is nothing to come."""
        batcher = self.setup.batcher
        async with self._forming:
            while not self._queue:
                if self._all_came:
                    return []
                await wait_anew(self._came, math.inf)
            opened = self._now
            while (left := batcher.closes_at(opened, self._full_at()) - self._now) > 0:
                await wait_anew(self._came, left)
            size = min(batcher.most, len(self._queue))
            return [self._queue.popleft()[1] for _ in range(size)]

    def _full_at(self) -> float:
        most = self.setup.batcher.most
        return self._queue[most - 1][0] if len(self._queue) >= most else math.inf

    async def _decide(self, batch: list[int], started: float) -> None:
        setup, rows = self.setup, [self.rows[request] for request in batch]
        scheduled = [self.source.scheduled[request] for request in batch]
        if self.beliefs.reads:
            await asyncio.to_thread(self.beliefs.renew, rows)
        async with self._turn:
            now = self._now
            state = self._believe(now)
            before = Believed(state.queue, state.pending_decode.copy(), None, None, state.age)
            todo = Batch(rows, setup.asked(rows), now - np.array(scheduled))
            told = await asyncio.to_thread(setup.policy.assign, todo, setup.estimates, state)
            decided = self._now
            for request, due, assignment in zip(batch, scheduled, told, strict=True):
                sequence, cut = self._sequence(request, assignment, decided)
                self._dispatch(
                    Decision(
                        request,
                        due,
                        started,
                        decided,
                        len(batch),
                        assignment,
                        sequence,
                        cut,
                        before,
                        self.issued[request],
                    )
                )

    def _believe(self, now: float) -> FleetState:
        seen = self.telemetry.view(self.clock())
        self.setup.keeper.reconcile(*readings(seen, self._holds, now))
        self.setup.batcher.observe(busy_share(seen))
        return self.setup.keeper.view(now)

    def _sequence(
        self, request: int, assignment: Assignment, at: float
    ) -> tuple[Sequence | None, bool]:
        """What is to be sent, and whether its budget cuts it beforehand."""
        if assignment.instance is None:
            return None, False
        setup, row, chosen = self.setup, assignment.row, assignment.instance
        prompt_tokens = int(setup.estimates.prompt_tokens[row])
        full = int(setup.workload.output_tokens[row, setup.fleet.model_index[chosen]])
        asked = full
        if setup.arm.budget == "clamp":
            asked = setup.allowed_tokens(row, chosen, full)
        sequence = Sequence(request, prompt_tokens, asked, assignment.predicted_tokens, at)
        return sequence, asked < full

    def _dispatch(self, decision: Decision) -> None:
        sequence, chosen = decision.sequence, decision.assignment.instance
        if sequence is None or chosen is None:
            self._end(decision, decision.decided)
            return
        # Known before the next batch looks, however long the connection takes.
        self.setup.keeper.dispatched(
            decision.request,
            chosen,
            sequence.prompt_tokens,
            sequence.predicted_tokens,
            decision.decided,
        )
        self._group.create_task(self._follow(decision, sequence, chosen))

    async def _follow(self, decision: Decision, sequence: Sequence, chosen: int) -> None:
        row, keeper = decision.assignment.row, self.setup.keeper
        stop = self._stop(row, chosen)

        def heard(reply: Reply) -> bool:
            if sequence.first_token is None:
                sequence.first_token = reply.times[0] - self._began
                keeper.first_token(decision.request, sequence.first_token)
            generated = reply.counts[-1]
            return stop is not None and stop.reached(sequence.prompt_tokens, generated)

        model = self.setup.fleet.models[chosen]
        told = await self.clients[chosen].ask(model, self.texts[row], sequence.output_tokens, heard)
        sequence.submitted = told.sent - self._began
        sequence.generated = told.tokens
        reason = None
        if told.outcome not in ("ok", "stopped"):
            sequence.status, sequence.ended = "failed", self._now
            reason = told.reason
        else:
            sequence.status = "finished"
            sequence.done = sequence.ended = told.reply.times[-1] - self._began
        keeper.ended(decision.request, sequence.ended, sequence.generated)
        # Nothing was cut off where the last token is also the one that used the budget up.
        stopped = told.outcome == "stopped" and sequence.generated < sequence.output_tokens
        ended = replace(decision, cut=decision.cut or stopped, failure=reason)
        self._end(ended, sequence.ended)

    def _stop(self, row: int, instance: int) -> SpendingStop | None:
        setup = self.setup
        if setup.arm.budget != "stop":
            return None
        tier = setup.fleet.params.tiers[setup.fleet.tiers[instance]]
        budget = float(setup.objectives.budget_usd[row])
        return SpendingStop(budget, tier.price_in * 1e-6, tier.price_out * 1e-6)

    def _end(self, decision: Decision, at: float) -> None:
        self.decisions.append(decision)
        self.source.ended(decision.request, at)
        self._ended.set()
