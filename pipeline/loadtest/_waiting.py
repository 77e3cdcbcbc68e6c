"""Waiting for news, but not for ever."""

import asyncio
import math
from contextlib import suppress

__all__ = ["wait_anew"]


async def wait_anew(event: asyncio.Event, seconds: float) -> None:
    """Wait until the event is set anew, at most so many seconds; inf waits for as long as it takes.

    The caller has just looked at what the event tells of, with no await in between; so clearing it
    loses no news.
    """
    event.clear()
    limit = None if math.isinf(seconds) else max(seconds, 0.0)
    with suppress(TimeoutError):
        async with asyncio.timeout(limit):
            await event.wait()
