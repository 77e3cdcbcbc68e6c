"""The two ways of sending calls within one process: at their times, or by users who wait."""

import asyncio
from collections.abc import Callable, Sequence

from pipeline.loadtest.generator._call import Call, Sent
from pipeline.loadtest.generator._exchange import Exchange
from pipeline.workload.arrivals import ClosedLoop

__all__ = ["Ended", "send_at_times", "send_by_users"]

Ended = Callable[[Sent], None]


async def send_at_times(exchange: Exchange, calls: Sequence[Call], ended: Ended) -> None:
    """Send every call when it is due, whatever became of those before it.

    Args:
        exchange: to the target.
        calls: in order of their times.
        ended: takes what came of each, when it is there.
    """

    async def send(call: Call, due: float) -> None:
        ended(await exchange.ask(call, due))

    async with asyncio.TaskGroup() as group:
        for call in calls:
            due = call.at_s or 0.0
            await _until(exchange, due)
            group.create_task(send(call, due))


async def send_by_users(
    exchange: Exchange,
    calls: Sequence[Call],
    users: Sequence[int],
    thinking: ClosedLoop,
    ended: Ended,
) -> None:
    """Let each user send the next call that nobody has sent, wait for its end, and think.

    Args:
        exchange: to the target.
        calls: taken in this order.
        users: which users of the loop live in this process.
        thinking: when a user starts, and when he sends again.
        ended: takes what came of each call, when it is there.
    """
    left = iter(calls)
    starts = thinking.first(max(users) + 1)

    async def live(user: int) -> None:
        due = float(starts[user])
        await _until(exchange, due)
        for call in left:
            sent = await exchange.ask(call, due)
            ended(sent)
            due = thinking.next(sent.done, user)
            await _until(exchange, due)

    async with asyncio.TaskGroup() as group:
        for user in users:
            group.create_task(live(user))


async def _until(exchange: Exchange, due: float) -> None:
    # Timers of the loop are of whole milliseconds and may fire half of one early.
    while (wait := due - exchange.now) > 0:
        await asyncio.sleep(wait)
