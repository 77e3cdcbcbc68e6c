"""Waiting for somebody else, without blaming him for the time in which this process stood still."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

__all__ = ["patience"]

_LOOK_S = 0.05


@asynccontextmanager
async def patience(until: float) -> AsyncIterator[None]:
    """Wait in the block until a time of the event loop, and a moment longer.

    A loop that stood still finds its clock run out before it has read what came meanwhile. So the
    end is set when the time is up, and what lies in the sockets by then is read first.

    Raises:
        TimeoutError: nothing came.
    """
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(None) as limit:
        timer = loop.call_at(until, lambda: limit.reschedule(loop.time() + _LOOK_S))
        try:
            yield
        finally:
            timer.cancel()
