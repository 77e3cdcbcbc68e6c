"""A gateway until the signal to end, and then until nothing is under way."""

import asyncio
import gc
import signal
from collections.abc import Callable

from pipeline.gateway._gateway import Gateway
from pipeline.progress import say

__all__ = ["run_gateway"]


def run_gateway(make: Callable[[], Gateway], started: Callable[[Gateway], None]) -> None:
    """Serve until SIGINT or SIGTERM, then drain; call `started` once the port is open.

    A second signal ends the drain.

    Raises:
        RouteBalanceError: the gateway cannot be made, or cannot listen.
    """
    import uvloop

    async def serve() -> None:
        loop, asked = asyncio.get_running_loop(), asyncio.Queue[int]()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, asked.put_nowait, number)
        async with make() as gateway:
            # What lives from here to the end is not worth a collector's pause.
            gc.freeze()
            started(gateway)
            await asked.get()
            say(f"draining: {gateway.relay.under_way} requests are under way")
            ends = asyncio.create_task(gateway.drained()), asyncio.create_task(asked.get())
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            for task in ends:
                task.cancel()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve())
