"""A scripted OpenAI-compatible chat endpoint on the loopback interface, in a thread of its own."""

import asyncio
import json
import math
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self

from aiohttp import web

__all__ = ["Reply", "StubServer", "answer"]


@dataclass(frozen=True)
class Reply:
    """What to send: status, body, and how long to wait before."""

    status: int = 200
    body: str = ""
    content_type: str = "application/json"
    delay_s: float = 0.0
    headers: dict[str, str] = field(default_factory=dict)


def answer(
    content: str,
    score_token: str = "",
    likely: dict[str, float] | None = None,
    delay_s: float = 0.0,
) -> Reply:
    """A completion; with `likely`, the probabilities of the tokens at the score's place."""
    choice: dict[str, Any] = {
        "index": 0,
        "finish_reason": "stop",
        "message": {"role": "assistant", "content": content},
    }
    if likely:
        top = [{"token": t, "logprob": math.log(p), "bytes": None} for t, p in likely.items()]
        token = {"token": score_token, "logprob": -0.5, "bytes": None, "top_logprobs": top}
        choice["logprobs"] = {"content": [token], "refusal": None}
    body = {
        "id": "stub",
        "object": "chat.completion",
        "created": 0,
        "model": "stub",
        "choices": [choice],
        "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
    }
    return Reply(body=json.dumps(body), delay_s=delay_s)


@dataclass
class StubServer:
    """Answers with `script(number of the call, request body)`; counts what it sees."""

    script: Callable[[int, dict[str, Any]], Reply]
    calls: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    most_at_once: int = 0
    url: str = ""

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
        app.router.add_post("/v1/chat/completions", self._handle)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
        return runner

    async def _handle(self, request: web.Request) -> web.Response:
        number, body = len(self.calls), await request.json()
        self.calls.append(body)
        self.keys.append(request.headers.get("Authorization", ""))
        self._now += 1
        self.most_at_once = max(self.most_at_once, self._now)
        try:
            reply = self.script(number, body)
            await asyncio.sleep(reply.delay_s)
            return web.Response(
                status=reply.status,
                text=reply.body,
                content_type=reply.content_type,
                headers=reply.headers,
            )
        finally:
            self._now -= 1
