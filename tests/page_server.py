"""A server on the loopback interface that answers GET with given pages, in a thread of its own."""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

from aiohttp import web

from tests.stub_server import Reply

__all__ = ["PageServer"]


@dataclass
class PageServer:
    """Answers by path; a path that is not there is a 404. A page may be made when it is asked for.

    `port` 0 takes a free one; a port of an earlier server stands for a server that came back.
    """

    pages: dict[str, Reply | Callable[[], Reply]]
    port: int = 0
    asked: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._loop, ready = asyncio.new_event_loop(), threading.Event()
        self._thread = threading.Thread(target=self._serve, args=(ready,), daemon=True)
        self._thread.start()
        assert ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def _serve(self, ready: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)
        runner = self._loop.run_until_complete(self._start())
        ready.set()
        self._loop.run_forever()
        self._loop.run_until_complete(runner.cleanup())
        self._loop.run_until_complete(self._end_answers())

    async def _end_answers(self) -> None:
        # A reply that is still being delayed outlives the clean-up.
        late = asyncio.all_tasks() - {asyncio.current_task()}
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    async def _start(self) -> web.AppRunner:
        app = web.Application()
        app.router.add_get("/{path:.*}", self._handle)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", self.port, reuse_address=True).start()
        self.port = runner.addresses[0][1]
        return runner

    async def _handle(self, request: web.Request) -> web.Response:
        self.asked.append(request.path)
        page = self.pages.get(request.path, Reply(status=404, body='{"detail":"Not Found"}'))
        reply = page if isinstance(page, Reply) else page()
        await asyncio.sleep(reply.delay_s)
        return web.Response(status=reply.status, text=reply.body, content_type=reply.content_type)
