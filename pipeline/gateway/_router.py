"""The batch loop: requests wait, are read and decided together, and are known to the ledger."""

import asyncio
import itertools
import logging
import math
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import numpy as np
from numpy.typing import NDArray

from pipeline.fleet import Fleet
from pipeline.fleet.telemetry import FleetReader, Observed
from pipeline.gateway._admission import Admission
from pipeline.gateway._health import Ward
from pipeline.gateway._parts import Parts
from pipeline.gateway._problem import GatewayError
from pipeline.gateway._settings import Settings
from pipeline.gateway._ticket import Decided, Ticket
from pipeline.loadtest import busy_share, readings, wait_anew
from pipeline.scheduling import Assignment, Batch, Estimates, Ledger, Objectives

__all__ = ["Router"]

_NEWEST = 0.05  # weight of a new answer in the usual length of a model's answers

_log = logging.getLogger(__name__)


class Router:
    """Decides about requests for as long as `run` is not cancelled.

    Prompts are read in a thread of their own, one batch at a time, so that streams keep flowing;
    instances are chosen in the loop, where nothing comes between what a decision sees and what it
    leaves behind.

    Args:
        fleet: the instances.
        parts: what decides; another one may be put in its place between batches.
        ledger: what the router remembers of its instances; it survives every swap.
        telemetry: what they last said.
        ward: who of them is well.
        settings: limits.
        clock: seconds that never run back.
    """

    def __init__(
        self,
        fleet: Fleet,
        parts: Parts,
        ledger: Ledger,
        telemetry: FleetReader,
        ward: Ward,
        settings: Settings,
        clock: Callable[[], float],
    ) -> None:
        self.fleet, self.parts, self.ledger = fleet, parts, ledger
        self.admission = Admission(settings.max_queue)
        self._telemetry, self._ward, self._settings, self._clock = telemetry, ward, settings, clock
        self._holds = [fleet.params.tiers[tier].kv_tokens for tier in fleet.tiers]
        self._typical = np.full(len(fleet.params.models), settings.typical_tokens)
        self._queue: deque[tuple[float, Ticket]] = deque()
        self._entries = itertools.count()
        self.flying = [0] * len(fleet.names)  # requests on each instance
        self._deciding = 0  # requests taken from the queue that are not on one yet
        self._workers: set[int] = set()
        self._came, self._forming = asyncio.Event(), asyncio.Lock()
        self._reading = ThreadPoolExecutor(1, "read")

    @property
    def waiting(self) -> int:
        """Requests that wait for a decision."""
        return len(self._queue)

    async def run(self) -> None:
        """Serve the queue for ever."""
        try:
            async with asyncio.TaskGroup() as group:
                self._group = group
                self._staff()
                await asyncio.Event().wait()
        finally:
            self._reading.shutdown(wait=False)

    def swap(self, parts: Parts) -> None:
        """Let other parts decide from the next batch on."""
        self.parts = parts
        self._staff()

    async def decide(self, ticket: Ticket) -> Decided:
        """Wait for a decision; one that was tried before goes in front.

        Raises:
            GatewayError: nobody is there, or nobody can keep its objectives.
        """
        ticket.wish = asyncio.get_running_loop().create_future()
        entry = (self._clock(), ticket)
        if ticket.attempts:
            self._queue.appendleft(entry)
        else:
            self._queue.append(entry)
        self._came.set()
        try:
            return await ticket.wish
        except asyncio.CancelledError:
            with suppress(ValueError):
                self._queue.remove(entry)
            if not ticket.wish.cancelled() and ticket.wish.exception() is None:
                # Decided in the moment in which its client left.
                decided = ticket.wish.result()
                self._ward.left(decided.instance, decided.at)
                self.landed(decided, self._clock(), 0)
            raise

    def landed(self, decided: Decided, at: float, tokens: int) -> None:
        """Note that an attempt has ended, however, after so many tokens."""
        self.ledger.ended(decided.entry, at, tokens)
        self.admission.ended(at, self.waiting)
        self.flying[decided.instance] -= 1
        self._came.set()
        if tokens:
            model = self.fleet.model_index[decided.instance]
            self._typical[model] += _NEWEST * (tokens - self._typical[model])

    def _staff(self) -> None:
        """Have as many workers as the parts ask for; those beyond leave after their batch."""
        for number in range(self.parts.batching.workers):
            if number not in self._workers:
                self._workers.add(number)
                self._group.create_task(self._work(number))

    async def _work(self, number: int) -> None:
        while number < self.parts.batching.workers:
            batch = await self._form()
            if not batch:  # all its clients have left meanwhile
                continue
            self._deciding += len(batch)
            try:
                await self._serve(batch)
            finally:
                self._deciding -= len(batch)
                self._came.set()  # those that were refused left room
        self._workers.discard(number)

    async def _form(self) -> list[Ticket]:
        """Wait until a batch closes and take it."""
        async with self._forming:
            while not self._queue or self._room <= 0:
                await wait_anew(self._came, math.inf)
            batcher, opened = self.parts.batcher, self._clock()
            while (left := batcher.closes_at(opened, self._full_at()) - self._clock()) > 0:
                await wait_anew(self._came, left)
            size = min(batcher.most, len(self._queue), self._room)
            return [self._queue.popleft()[1] for _ in range(size)]

    @property
    def _room(self) -> int:
        """How many more may be on the instances."""
        return self._settings.max_in_flight - sum(self.flying) - self._deciding

    def _full_at(self) -> float:
        most = self.parts.batcher.most
        return self._queue[most - 1][0] if len(self._queue) >= most else math.inf

    async def _serve(self, batch: list[Ticket]) -> None:
        parts, started = self.parts, self._clock()
        asked = [ticket.asked for ticket in batch]
        loop = asyncio.get_running_loop()
        try:
            told = await loop.run_in_executor(self._reading, parts.read, asked, self._typical)
            self._assign(batch, parts, told, started)
        except Exception:
            # A batch that cannot be decided must not take those after it along.
            _log.exception("a batch of %d requests could not be decided", len(batch))
            for ticket in batch:
                _fail(
                    ticket,
                    GatewayError(
                        503, "decision_failed", "no decision could be made", retry_after_s=1.0
                    ),
                )

    def _assign(self, batch: list[Ticket], parts: Parts, told: Estimates, started: float) -> None:
        now = self._clock()
        seen = self._telemetry.view(now)
        self.ledger.reconcile(*readings(seen, self._holds, now))
        parts.batcher.observe(busy_share(seen))
        state = self.ledger.view(now)
        queue, pending = state.queue, state.pending_decode.copy()
        rows = [row for row, ticket in enumerate(batch) if not ticket.wish.done()]
        if not rows:
            return
        tickets = [batch[row] for row in rows]
        may = self._open(tickets, seen, now)
        waited = np.array([now - ticket.came for ticket in tickets])
        asked = Batch(rows, _objectives(tickets), waited, may)
        chosen = parts.policy.assign(asked, told, state)
        at = self._clock()
        for ticket, assignment, places in zip(tickets, chosen, may, strict=True):
            if assignment.instance is None:
                ticket.relaxations = assignment.relaxations
                _fail(ticket, self._nobody(ticket, bool(places.any()), now))
                continue
            i = assignment.instance
            beliefs = float(queue[i]), float(pending[i]), float(state.age[i])
            entry = self._sent(assignment, told, at)
            ticket.relaxations = assignment.relaxations
            ticket.wish.set_result(
                Decided(entry, parts, assignment, told, i, started, at, len(batch), *beliefs)
            )

    def _sent(self, assignment: Assignment, told: Estimates, at: float) -> int:
        """Let ledger and ward know, before the next batch looks."""
        entry, i = next(self._entries), assignment.instance
        assert i is not None
        size = float(told.prompt_tokens[assignment.row])
        self.ledger.dispatched(entry, i, size, assignment.predicted_tokens, at)
        self._ward.sent(i)
        self.flying[i] += 1
        return entry

    def _open(self, tickets: list[Ticket], seen: list[Observed], now: float) -> NDArray[np.bool_]:
        """Which instances each of n requests may be sent to, (n, I)."""
        answering = np.array([one.state != "unreachable" for one in seen])
        may = np.tile(self._ward.open(answering, now), (len(tickets), 1))
        for row, ticket in enumerate(tickets):
            if ticket.asked.model is not None:
                may[row] &= np.array(self.fleet.models) == ticket.asked.model
            may[row, list(ticket.barred)] = False
        for i in range(len(seen)):
            if self._ward.out(i):  # one trial at a time
                may[:, i] &= np.cumsum(may[:, i]) == 1
        return may

    def _nobody(self, ticket: Ticket, somebody: bool, now: float) -> GatewayError:
        if somebody:
            return GatewayError(
                429,
                "no_instance_meets_objectives",
                "no instance can meet the objectives of the request",
                retry_after_s=self.admission.retry_after_s(self.waiting),
            )
        model = ticket.asked.model
        what = "instance" if model is None else f"instance of {model}"
        wait = self._ward.back_in_s(now)
        return GatewayError(503, "no_instance", f"no healthy {what} is there", retry_after_s=wait)


def _fail(ticket: Ticket, problem: GatewayError) -> None:
    if not ticket.wish.done():
        ticket.wish.set_exception(problem)


def _objectives(tickets: list[Ticket]) -> Objectives:
    blocks = [ticket.asked.block for ticket in tickets]
    return Objectives(
        np.array([_or_inf(block.ttft_slo_s) for block in blocks]),
        np.array([_or_inf(block.tpot_slo_s) for block in blocks]),
        np.array([_or_inf(block.budget_usd) for block in blocks]),
        np.array([block.quality_floor or 0.0 for block in blocks]),
    )


def _or_inf(value: float | None) -> float:
    return math.inf if value is None else value
