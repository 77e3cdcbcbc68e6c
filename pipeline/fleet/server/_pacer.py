"""One engine on the wall clock: sleeps until its next event, and writes the tokens that are due."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace

from pipeline.fleet import FaultEvent, Instance, Sequence, Telemetry
from pipeline.fleet.server._clock import Clock
from pipeline.fleet.server._lag import LagRecord
from pipeline.fleet.server._metrics import Counts
from pipeline.fleet.server._ticket import Ticket

__all__ = ["Pacer"]


class Pacer:
    """Keeps an engine at the wall clock, with its declared faults.

    A timer of the event loop stands for a sleeping task: it costs a tenth, and there is one of them
    per instance, set to the next iteration's end or the next fault.

    Args:
        engine: at time 0, recording its tokens.
        clock: shared by all instances of the process.
        faults: events of this instance, in order of time.
        fresh: makes the counts of an instance that comes up.
        lags: where the lag of every streamed token is recorded.
    """

    def __init__(
        self,
        engine: Instance,
        clock: Clock,
        faults: list[FaultEvent],
        fresh: Callable[[], Counts],
        lags: LagRecord,
    ) -> None:
        self.counts = fresh()
        self._engine = engine
        self._clock = clock
        self._faults = deque(faults)
        self._fresh = fresh
        self._lags = lags
        self._tickets: dict[int, Ticket] = {}
        self._unserved: set[int] = set()
        self._iteration_end = 0.0
        self._earlier_preemptions = 0
        self._timer: asyncio.TimerHandle | None = None
        self._due = float("inf")

    @property
    def up(self) -> bool:
        """Whether the instance answers."""
        return self._engine.up

    @property
    def in_flight(self) -> int:
        """Requests that did not end yet."""
        return len(self._tickets)

    def catch_up(self) -> float:
        """Bring the engine to the present and write what was due; return engine time."""
        now = self._clock.now()
        if self._due <= now and not (self._faults and self._faults[0].at <= self._due):
            # What is due is written before the engine plans what comes next, which takes a while.
            self._engine.advance(self._due)
            self._deliver()
        while self._faults and self._faults[0].at <= now:
            self._apply(self._faults.popleft())
        self._engine.advance(now)
        self._deliver()
        return now

    def telemetry(self) -> Telemetry:
        """The state now; preemptions count since the instance came up."""
        self.catch_up()
        self._arm()
        state = self._engine.telemetry()
        return replace(state, preemptions=state.preemptions - self._earlier_preemptions)

    def submit(self, ticket: Ticket) -> None:
        """Queue a request now; it must fit."""
        now = self.catch_up()
        ticket.submitted(now)
        self._tickets[ticket.sequence.request_id] = ticket
        self._unserved.add(ticket.sequence.request_id)
        self._engine.submit(ticket.sequence, now)
        self._deliver()
        self._arm()

    def cancel(self, ticket: Ticket) -> None:
        """Take a request out, whose client is gone."""
        now = self.catch_up()
        ticket.end(False)
        self._engine.cancel(ticket.sequence.request_id, now)
        self._deliver()
        self._arm()

    def start(self) -> None:
        """Set the timer for the first fault."""
        self._arm()

    def close(self) -> None:
        """Stop the timer and end what is in flight."""
        if self._timer is not None:
            self._timer.cancel()
        for ticket in self._tickets.values():
            ticket.end(False)

    def _arm(self) -> None:
        due = self._engine.next_event()
        if self._faults:
            due = min(due, self._faults[0].at)
        if due == self._due:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._due, self._timer = due, None
        if due < float("inf"):
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(self._clock.delay(due), self._tick)

    def _tick(self) -> None:
        # Loops count in whole milliseconds, so a timer may be early; then it is set again.
        if self._clock.now() >= self._due:
            self.catch_up()
        self._due = float("inf")
        # Other instances whose tokens are due in this pass of the loop go before the planning.
        asyncio.get_running_loop().call_soon(self._arm)

    def _apply(self, fault: FaultEvent) -> None:
        if fault.kind == "slow_down":
            self._engine.slow_down(fault.value, fault.at)
        elif fault.kind == "stall":
            self._engine.stall(fault.value, fault.at)
        elif fault.kind == "restart":
            self._engine.restart(fault.at)
        else:
            self._engine.crash(fault.at)
            self._deliver()
            self._earlier_preemptions = self._engine.telemetry().preemptions
            self.counts = self._fresh()

    def _deliver(self) -> None:
        self._note_iterations()
        touched: dict[Ticket, None] = {}
        for at, sequence, number in self._engine.take_tokens():
            ticket = self._tickets[sequence.request_id]
            if number == 1:
                self.counts.first_token(sequence, at)
            else:
                self.counts.next_token(at - ticket.last_token)
            ticket.last_token = at
            ticket.take(number, at)
            touched[ticket] = None
        for ticket in touched:
            self._write(ticket)
        for sequence in self._engine.take_finished():
            self._end(sequence)

    def _note_iterations(self) -> None:
        for iteration in self._engine.take_iterations():
            self.counts.iteration_tokens.observe(iteration.prefill + iteration.decode)
            if self._unserved:
                for sequence, _ in iteration.moves:
                    self._note_served(sequence)
            self._iteration_end = iteration.end

    def _note_served(self, sequence: Sequence) -> None:
        """An iteration follows the one before it or the arrival; a stall in between is its own."""
        if sequence.request_id in self._unserved:
            self._unserved.discard(sequence.request_id)
            ticket = self._tickets[sequence.request_id]
            ticket.scheduled = max(sequence.submitted, self._iteration_end)

    def _write(self, ticket: Ticket) -> None:
        due = ticket.flush()
        # The bytes are with the kernel: a transport that holds nothing back writes at once.
        written = time.monotonic()
        for at in due:
            self._lags.record(written - self._clock.wall(at))
        if ticket.lost:
            self._engine.cancel(ticket.sequence.request_id, self._engine.now)

    def _end(self, sequence: Sequence) -> None:
        ticket = self._tickets.pop(sequence.request_id)
        self._unserved.discard(sequence.request_id)
        reason = {"finished": ticket.reason, "cancelled": "abort"}.get(sequence.status, "error")
        self.counts.ended(sequence, ticket.scheduled, ticket.max_tokens, reason)
        ticket.end(sequence.status == "finished")
