"""One run against a live server, closed or open, as rows."""

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.fleet.live._client import Answered, Client
from pipeline.fleet.live._plan import Asked
from pipeline.fleet.live._rows import LIVE_REQUESTS

__all__ = ["Target", "run_closed", "run_open"]


@dataclass(frozen=True)
class Target:
    """Whom the requests go to: a connected client, a model there, and what the rows call it."""

    client: Client
    model: str
    label: str


@dataclass(slots=True)
class _Run:
    """One run under way. Its clock starts when it is made."""

    target: Target
    started: float = field(default_factory=time.monotonic)
    done: list[tuple[int, float, Asked, Answered]] = field(default_factory=list)
    sent: int = 0

    @property
    def now(self) -> float:
        return time.monotonic() - self.started

    async def ask(self, asked: Asked, scheduled: float) -> None:
        number, self.sent = self.sent, self.sent + 1
        answered = await self.target.client.ask(
            self.target.model, asked.prompt, asked.output_tokens
        )
        self.done.append((number, scheduled, asked, answered))

    def rows(self, name: str, part: Callable[[int], str], **setting: object) -> pl.DataFrame:
        """The finished requests, in the order in which they were sent."""
        done = sorted(self.done, key=lambda entry: entry[0])
        head = {"run": name, "rate": None, "clients": None, "label": self.target.label} | setting
        return LIVE_REQUESTS.frame(
            head | {"part": part(number)} | self._row(number, scheduled, asked, answered)
            for number, scheduled, asked, answered in done
        )

    def _row(
        self, number: int, scheduled: float, asked: Asked, answered: Answered
    ) -> dict[str, object]:
        reply = answered.reply
        return {
            "request_id": number,
            "scheduled_s": scheduled,
            "sent_s": answered.sent - self.started,
            "prompt_tokens": reply.prompt_tokens,
            "asked_tokens": asked.output_tokens,
            "output_tokens": reply.output_tokens,
            "token_s": [at - self.started for at in reply.times],
            "token_count": reply.counts,
            "outcome": answered.outcome,
            "reason": answered.reason,
        }


async def run_closed(
    target: Target,
    asked: Iterator[Asked],
    clients: int,
    seconds: float,
    part: Callable[[int], str],
) -> pl.DataFrame:
    """Let `clients` ask one request after the other; none begins after `seconds`.

    Args:
        asked: what to ask, without end.
        part: the part of the request of that number.

    Returns:
        LIVE_REQUESTS rows of the run `closed-CLIENTS`.
    """
    run = _Run(target)

    async def one_client() -> None:
        while run.now < seconds:
            await run.ask(next(asked), run.now)

    async with asyncio.TaskGroup() as group:
        for _ in range(clients):
            group.create_task(one_client())
    return run.rows(f"closed-{clients}", part, clients=clients)


async def run_open(
    target: Target,
    asked: Iterator[Asked],
    arrivals: NDArray[np.float64],
    rate: float,
    part: Callable[[int], str],
) -> pl.DataFrame:
    """Send one request at each arrival (s, ascending), whatever became of those before it.

    Returns:
        LIVE_REQUESTS rows of the run `open-RATE`.
    """
    run = _Run(target)
    async with asyncio.TaskGroup() as group:
        for at in arrivals.tolist():
            await asyncio.sleep(max(0.0, at - run.now))
            group.create_task(run.ask(next(asked), at))
    return run.rows(f"open-{rate:g}", part, rate=rate)
