"""A scripted streaming chat endpoint on the loopback interface, in a thread of its own."""

import asyncio
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self

from aiohttp import web

__all__ = ["ChatStub", "Said", "prompt_of"]


@dataclass(frozen=True)
class Said:
    """What to send, and how the connection fares.

    Attributes:
        words: one event each.
        usage: prompt and completion tokens; None leaves usage out.
        finish: the finish reason.
        status, body, headers: of an answer that is no stream; body None makes it one.
        pause_s: before the first byte.
        reset: drop the connection after the words.
        hang: send nothing more after the words.
    """

    words: tuple[str, ...] = ("The ", "answer ", "is ", "4.")
    usage: tuple[int, int] | None = (11, 4)
    finish: str | None = "stop"
    status: int = 200
    body: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    pause_s: float = 0.0
    reset: bool = False
    hang: bool = False


Script = Callable[[int, dict[str, Any]], Said]


def prompt_of(body: dict[str, Any]) -> str:
    """The user's turn of a request."""
    return str(body["messages"][-1]["content"])


@dataclass
class ChatStub:
    """Answers call after call as `script(number, body)` says, and notes what it sees.

    Attributes:
        models: what /v1/models lists; None answers 404.
        version: what /version says; None answers 404.
        bodies, keys, times: of every call: its body, Authorization header and monotonic time.
        finished: prompts whose answer went out whole.
        most_at_once: calls under way.
    """

    script: Script = lambda number, body: Said()
    models: tuple[str, ...] | None = None
    version: str | None = None
    bodies: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    finished: list[str] = field(default_factory=list)
    most_at_once: int = 0
    url: str = ""

    @property
    def prompts(self) -> list[str]:
        """What was asked, in order."""
        return [prompt_of(body) for body in self.bodies]

    def __enter__(self) -> Self:
        self._now, self._loop, ready = 0, asyncio.new_event_loop(), threading.Event()
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

    async def _start(self) -> web.AppRunner:
        app = web.Application()
        app.router.add_get("/v1/models", self._models)
        app.router.add_get("/version", self._version)
        app.router.add_post("/v1/chat/completions", self._chat)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
        return runner

    async def _models(self, _: web.Request) -> web.Response:
        if self.models is None:
            raise web.HTTPNotFound
        return web.json_response({"data": [{"id": name} for name in self.models]})

    async def _version(self, _: web.Request) -> web.Response:
        if self.version is None:
            raise web.HTTPNotFound
        return web.json_response({"version": self.version})

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        number, body = len(self.bodies), await request.json()
        self.bodies.append(body)
        self.keys.append(request.headers.get("Authorization"))
        self.times.append(time.monotonic())
        self._now += 1
        self.most_at_once = max(self.most_at_once, self._now)
        try:
            return await self._say(request, body, self.script(number, body))
        finally:
            self._now -= 1

    async def _say(
        self, request: web.Request, body: dict[str, Any], said: Said
    ) -> web.StreamResponse:
        await asyncio.sleep(said.pause_s)
        if said.body is not None or said.status != 200:
            return web.Response(status=said.status, text=said.body or "", headers=said.headers)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for word in said.words:
            await response.write(_event({"choices": [{"delta": {"content": word}}]}))
        if said.reset and request.transport is not None:
            request.transport.abort()
            return response
        if said.hang:
            await asyncio.sleep(30)
        await response.write(_event({"choices": [{"delta": {}, "finish_reason": said.finish}]}))
        if said.usage is not None:
            usage = dict(zip(("prompt_tokens", "completion_tokens"), said.usage, strict=True))
            await response.write(_event({"choices": [], "usage": usage}))
        await response.write(b"data: [DONE]\n\n")
        self.finished.append(prompt_of(body))
        return response


def _event(data: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(data).encode() + b"\n\n"
