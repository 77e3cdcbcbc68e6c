"""A scripted judge on the wire: it says what it is told to, and remembers what it was asked."""

import asyncio
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from benchmarks._faults_till import key_of

__all__ = ["SAYINGS", "TIMEOUT_S", "Judge", "serving_judge"]

TIMEOUT_S = 0.5
_PAUSE_S = 0.1  # before a word
_CASE = re.compile(r"reply-(\d+)")
_GOOD = '{"score": 8, "reason": "it names them"}'
# Name, status and body of what a judge may say; no body is silence. The last one is a verdict.
SAYINGS: tuple[tuple[str, int, str | None], ...] = (
    ("a page of HTML", 200, "<html><body>Welcome</body></html>"),
    ("half a JSON", 200, '{"score": 8, "rea'),
    ("a score of 11", 200, '{"score": 11, "reason": "better than good"}'),
    ("a score of -3", 200, '{"score": -3, "reason": "worse than bad"}'),
    ("other keys", 200, '{"grade": "A"}'),
    ("no words", 200, ""),
    ("HTTP 500", 500, "no"),
    ("silence", 200, None),
    ("a verdict", 200, _GOOD),
)


@dataclass
class Judge:
    """Says by case what it is told to say, or verdicts alone where it is well.

    Attributes:
        well: whether it is.
        url: where it listens.
        asked: every case that it was asked about, in order.
        verdicts: how many each case got.
        keys: Authorization headers that came.
    """

    well: bool = False
    url: str = ""
    asked: list[str] = field(default_factory=list)
    verdicts: Counter[str] = field(default_factory=Counter)
    keys: set[str] = field(default_factory=set)

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one question."""
        prompt = (await request.json())["messages"][0]["content"]
        found = _CASE.search(prompt)
        case = found[1] if found else key_of(prompt)
        name, status, said = SAYINGS[-1 if self.well else int(case) % len(SAYINGS)]
        self.asked.append(case)
        self.keys.add(request.headers.get("Authorization", ""))
        await asyncio.sleep(4 * TIMEOUT_S if said is None else _PAUSE_S)
        if status != 200 or name == "a page of HTML":
            return web.Response(status=status, text=said, content_type="text/html")
        self.verdicts[case] += said == _GOOD
        return web.json_response(_completion(said or ""))


@contextmanager
def serving_judge() -> Iterator[Judge]:
    """A judge that listens in a thread of its own."""
    judge, ready = Judge(), threading.Event()
    stop: list[Callable[[], object]] = []

    async def serve() -> None:
        app = web.Application(client_max_size=2**24)
        app.router.add_post("/v1/chat/completions", judge.handle)
        runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        judge.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
        ended, loop = asyncio.Event(), asyncio.get_running_loop()
        stop.append(lambda: loop.call_soon_threadsafe(ended.set))
        ready.set()
        await ended.wait()
        await runner.cleanup()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    ready.wait()
    try:
        yield judge
    finally:
        stop[0]()
        thread.join()


def _completion(content: str) -> dict[str, Any]:
    message = {"role": "assistant", "content": content}
    return {
        "id": "judged",
        "object": "chat.completion",
        "created": 0,
        "model": "scripted",
        "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
        "usage": {"prompt_tokens": 9, "completion_tokens": 9, "total_tokens": 18},
    }
