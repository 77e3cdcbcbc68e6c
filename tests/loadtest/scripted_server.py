"""A server on the loopback interface that writes, byte for byte, what a test tells it to."""

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable
from typing import Any, Self

__all__ = ["HEAD", "Script", "ScriptedServer", "event", "framed", "reply", "token"]

Script = Callable[[dict[str, Any], asyncio.StreamWriter], Awaitable[None]]

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


def event(body: object) -> bytes:
    """One event with JSON data."""
    return b"data: " + json.dumps(body).encode() + b"\n\n"


def token(text: str | None) -> bytes:
    """One event of a chat that brings text."""
    return event({"choices": [{"index": 0, "delta": {"content": text}}]})


def framed(data: bytes) -> bytes:
    """One chunk of a chunked body."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def reply(status: str, body: str, headers: str = "") -> bytes:
    """A whole answer that is no stream."""
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body.encode())}\r\n{headers}\r\n"
    return head.encode() + body.encode()


class ScriptedServer:
    """Plays `script(request body, writer)` for every request; tells of connections and requests."""

    def __init__(self, script: Script) -> None:
        self.url = ""
        self.connections = 0
        self.heads: list[str] = []
        self.open_now = 0
        self._script = script

    def __enter__(self) -> Self:
        self._loop, ready = asyncio.new_event_loop(), threading.Event()
        self._thread = threading.Thread(target=self._serve, args=(ready,), daemon=True)
        self._thread.start()
        assert ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    def _serve(self, ready: threading.Event) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._run(ready))

    async def _run(self, ready: threading.Event) -> None:
        self._stop = asyncio.Event()
        self._talks: set[asyncio.Task[None]] = set()
        server = await asyncio.start_server(self._talk, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        ready.set()
        await self._stop.wait()
        server.close()
        for talk in self._talks:
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        this = asyncio.current_task()
        assert this is not None
        self._talks.add(this)
        self.connections += 1
        self.open_now += 1
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                length = int(head.lower().split("content-length:")[1].split("\r\n")[0])
                body = json.loads(await reader.readexactly(length))
                self.heads.append(head)
                # A script may hang; the end of the connection ends it.
                play = asyncio.ensure_future(self._script(body, writer))
                gone = asyncio.ensure_future(_gone(reader, play))
                await asyncio.wait([play, gone], return_when=asyncio.FIRST_COMPLETED)
                gone.cancel()
                play.cancel()
                await asyncio.gather(play, gone, return_exceptions=True)
                await writer.drain()
        except (asyncio.IncompleteReadError, OSError, asyncio.CancelledError):
            pass
        finally:
            self.open_now -= 1
            self._talks.discard(this)
            writer.close()


async def _gone(reader: asyncio.StreamReader, play: "asyncio.Future[None]") -> None:
    """Until the client hangs up."""
    while not play.done() and not reader.at_eof():
        await asyncio.sleep(0.005)
