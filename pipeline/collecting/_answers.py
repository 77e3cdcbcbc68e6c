"""Rows of many endpoints as they are finished, from one event loop."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from queue import SimpleQueue
from typing import TypeAlias

from pipeline.collecting._ask import ask_shard
from pipeline.collecting._purse import Purse
from pipeline.collecting._shard import Ended, Kept, Shard

__all__ = ["Job", "Told", "asker"]

Told: TypeAlias = Kept | Ended


@dataclass(frozen=True)
class Job:
    """Shards that are asked in one process, and what they may cost together."""

    shards: tuple[Shard, ...]
    max_usd: float | None
    max_requests: int | None


def asker() -> Callable[[Job], Iterator[Told]]:
    """What a process that collects does with a job, for `pipeline.engine.run_jobs`."""
    return _told


def _told(job: Job) -> Iterator[Told]:
    """Yield every row when it is finished, and last how it ended.

    The event loop has a thread of its own: streams flow on while their rows are being kept, and an
    interrupt meets this thread, which ends the loop in good order. Whoever finished a row asks
    nothing new before it is taken, so that a kill loses no more than was to be asked at once.
    """
    told: SimpleQueue[tuple[Told, asyncio.Event] | None] = SimpleQueue()
    loop = asyncio.new_event_loop()

    async def tell(one: Told) -> None:
        taken = asyncio.Event()
        told.put((one, taken))
        await taken.wait()

    asking = loop.create_task(_ask_all(job, tell))
    asking.add_done_callback(lambda _: told.put(None))
    try:
        with ThreadPoolExecutor(1) as thread:
            running = thread.submit(loop.run_until_complete, asking)
            try:
                while (finished := told.get()) is not None:
                    one, taken = finished
                    yield one
                    loop.call_soon_threadsafe(taken.set)
                running.result()
            finally:
                loop.call_soon_threadsafe(asking.cancel)
    finally:
        loop.close()


async def _ask_all(job: Job, tell: Callable[[Told], Awaitable[None]]) -> None:
    purse = Purse(job.max_usd, job.max_requests)
    reasons = await asyncio.gather(*(ask_shard(shard, purse, tell) for shard in job.shards))
    gave_up = tuple(reason for reason in reasons if reason is not None)
    await tell(Ended(purse.requests, purse.spent_usd, purse.unpriced, purse.capped, gave_up))
