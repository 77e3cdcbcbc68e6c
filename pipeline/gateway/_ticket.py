"""One request on its way through the gateway, and what was decided about it."""

import asyncio
from dataclasses import dataclass, field
from typing import Literal

from pipeline.gateway._parts import Parts
from pipeline.gateway._request import Asked
from pipeline.gateway._retry import UpstreamError
from pipeline.scheduling import Assignment, Estimates

__all__ = ["Decided", "Outcome", "Ticket"]

Outcome = Literal["ok", "stopped", "refused", "failed", "timeout", "cancelled"]


@dataclass(frozen=True, slots=True)
class Decided:
    """One attempt that was decided; times are seconds of the gateway's clock.

    Attributes:
        entry: its number in the ledger.
        parts: who decided.
        assignment, estimates: what, on which beliefs.
        instance: the chosen one.
        started, at: when the batch closed, and when it was decided.
        batch_size: requests that were decided together.
        queue, pending_decode, age_s: the instance's state just before, as it was believed.
    """

    entry: int
    parts: Parts
    assignment: Assignment
    estimates: Estimates
    instance: int
    started: float
    at: float
    batch_size: int
    queue: float
    pending_decode: float
    age_s: float

    @property
    def prompt_tokens(self) -> int:
        """As they were counted."""
        return int(self.estimates.prompt_tokens[self.assignment.row])


@dataclass(eq=False, slots=True)
class Ticket:
    """A request, from when it was received to its end; times are seconds of the gateway's clock.

    Attributes:
        number: of the gateway's requests.
        asked: what it is.
        came: when it was received.
        attempts: instances that it was sent to.
        barred: those that failed it.
        decided: the last attempt.
        relaxations: of the filter that refused it.
        dispatched, first_token, done: when the last attempt was sent, and its first content and
            its end were there.
        http: status that the client was told; None where it left before.
        outcome, failure: how it ended.
        tokens: of the answer.
    """

    number: int
    asked: Asked
    came: float
    attempts: int = 0
    barred: set[int] = field(default_factory=set)
    decided: Decided | None = None
    relaxations: int | None = None
    dispatched: float | None = None
    first_token: float | None = None
    done: float | None = None
    http: int | None = None
    outcome: Outcome = "ok"
    failure: UpstreamError | None = None
    tokens: int = 0
    wish: asyncio.Future[Decided] = field(init=False)
