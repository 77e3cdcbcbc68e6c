"""A worker process: it sends its share of the calls and hands back what came of them."""

import asyncio
import gc
import os
import signal
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing import parent_process
from multiprocessing.connection import Connection

from pipeline.loadtest.generator._call import Call, Sent, Target
from pipeline.loadtest.generator._exchange import Exchange
from pipeline.loadtest.generator._loops import send_at_times, send_by_users
from pipeline.workload.arrivals import ClosedLoop

__all__ = ["Share", "work"]

_SECONDS_BETWEEN_COUNTS = 1.0


@dataclass(frozen=True)
class Share:
    """The part of a run that one worker does.

    Attributes:
        target: where the calls go.
        calls: which.
        keep_text, keep_times: what of the answers to keep.
        users: of a closed loop; none in an open one.
        thinking: of the users.
    """

    target: Target
    calls: Sequence[Call]
    keep_text: bool = False
    keep_times: bool = False
    users: Sequence[int] = ()
    thinking: ClosedLoop | None = None


def work(pipe: Connection, share: Share) -> None:
    """Say that this process is ready, wait for the start, send, and hand back every result.

    Over the pipe go: out, 0 when ready; in, the start on the monotonic clock, which processes of
    one machine share; out, how many calls have ended since the last count; out, the results.
    """
    import uvloop

    # Ctrl-C reaches every process of a terminal; the parent decides what becomes of this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    # A collector's pause in mid-run would be counted as latency of the server.
    gc.collect()
    gc.freeze()
    gc.disable()
    pipe.send(0)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        results = runner.run(_send(pipe, share, pipe.recv()))
    pipe.send(results)


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


async def _send(pipe: Connection, share: Share, began: float) -> list[Sent]:
    results: list[Sent] = []
    counting = asyncio.create_task(_count(pipe, results))
    async with Exchange(share.target, began, share.keep_text, share.keep_times) as exchange:
        if share.thinking is None:
            await send_at_times(exchange, share.calls, results.append)
        else:
            await send_by_users(exchange, share.calls, share.users, share.thinking, results.append)
    counting.cancel()
    return results


async def _count(pipe: Connection, results: list[Sent]) -> None:
    told = 0
    while True:
        await asyncio.sleep(_SECONDS_BETWEEN_COUNTS)
        pipe.send(len(results) - told)
        told = len(results)
