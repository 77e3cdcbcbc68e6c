"""Rows of many endpoints as they are finished, in one event loop."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from pipeline.collecting._ask import ask_shard
from pipeline.collecting._purse import Purse
from pipeline.collecting._shard import Ended, Kept, Shard

__all__ = ["Job", "Told", "answers", "asker"]

Told: TypeAlias = Kept | Ended


@dataclass(frozen=True)
class Job:
    """Shards that are asked in one process, and what they may cost together."""

    shards: tuple[Shard, ...]
    max_usd: float | None
    max_requests: int | None


def asker() -> Callable[[Job], Iterator[Told]]:
    """What a process that collects does with a job, for `pipeline.engine.run_jobs`."""
    return _run


def _run(job: Job) -> Iterator[Told]:
    """Yield every row when it is finished, and last how it ended."""
    with asyncio.Runner() as runner:
        told = answers(job)
        while (one := runner.run(_next(told))) is not None:
            yield one


async def _next(told: AsyncIterator[Told]) -> Told | None:
    return await anext(told, None)


async def answers(job: Job) -> AsyncIterator[Told]:
    """Ask all shards of a job at once; yield each finished row, and last how it ended.

    Raises:
        EndpointError: a key is not set, or a URL is not that of a server; nothing is asked then.
    """
    purse = Purse(job.max_usd, job.max_requests)
    finished: asyncio.Queue[Kept | None] = asyncio.Queue()
    asking = [
        asyncio.create_task(ask_shard(shard, purse, finished.put_nowait)) for shard in job.shards
    ]
    everybody = asyncio.gather(*asking)
    everybody.add_done_callback(lambda _: finished.put_nowait(None))
    try:
        while (kept := await finished.get()) is not None:
            yield kept
        gave_up = tuple(reason for reason in await everybody if reason is not None)
        yield Ended(purse.requests, purse.spent_usd, purse.unpriced, purse.capped, gave_up)
    finally:
        everybody.cancel()
