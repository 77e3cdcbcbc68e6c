"""A light open-loop client: one connection a request, kept for the next, and no parsing of tokens.

It shares two cores with the server that it measures, so it does no more than count what came.
"""

import asyncio
import json
import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

__all__ = ["Client", "Outcome", "post_bytes"]

_END = b"\r\n0\r\n\r\n"
_OK = b"HTTP/1.1 200"


def post_bytes(prompt_tokens: int, output_tokens: int) -> bytes:
    """A streamed completion of exactly these lengths, as it goes over the wire."""
    body = json.dumps(
        {
            "prompt": [300] * prompt_tokens,
            "max_tokens": output_tokens,
            "ignore_eos": True,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
    ).encode()
    head = b"POST /v1/completions HTTP/1.1\r\nHost: emulator\r\nContent-Type: application/json\r\n"
    return head + b"Content-Length: %d\r\n\r\n" % len(body) + body


@dataclass
class Outcome:
    """What came of the requests sent so far.

    Attributes:
        sent, served, failed: requests.
        late_s: how much after its scheduled time each was sent, s.
    """

    sent: int = 0
    served: int = 0
    failed: int = 0
    late_s: list[float] = field(default_factory=list)


class _Connection(asyncio.Protocol):
    def __init__(self, outcome: Outcome, idle: list["_Connection"]) -> None:
        self._outcome, self._idle = outcome, idle
        self._transport: asyncio.WriteTransport | None = None
        self._tail = b""
        self._busy = self._begun = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.WriteTransport, transport)

    def send(self, request: bytes) -> None:
        assert self._transport is not None
        self._busy, self._begun, self._tail = True, False, b""
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        assert self._transport is not None
        if not self._begun:
            self._begun = True
            if not data.startswith(_OK):
                self._transport.abort()
                return
        if len(data) < len(_END):
            data = self._tail + data
        self._tail = data[-len(_END) :]
        if self._tail == _END:
            self._busy = False
            self._outcome.served += 1
            self._idle.append(self)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._busy:
            self._outcome.failed += 1
        elif self in self._idle:
            self._idle.remove(self)


class Client:
    """Sends requests at their times, whatever became of the ones before."""

    def __init__(self, urls: list[str]) -> None:
        self.outcome = Outcome()
        self._places = [_place(url) for url in urls]
        self._idle: dict[int, list[_Connection]] = defaultdict(list)
        self._sending: set[asyncio.Task[None]] = set()

    async def drive(self, requests: list[bytes], arrivals: NDArray[np.float64]) -> None:
        """Send each request at its arrival, s from now, to the instances in turn."""
        began = time.monotonic()
        for number, (request, at) in enumerate(zip(requests, arrivals.tolist(), strict=True)):
            wait = began + at - time.monotonic()
            if wait > 0:
                await asyncio.sleep(wait)
            self.outcome.late_s.append(time.monotonic() - began - at)
            self.outcome.sent += 1
            task = asyncio.create_task(self._send(number % len(self._places), request))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)

    async def _send(self, instance: int, request: bytes) -> None:
        idle = self._idle[instance]
        if idle:
            idle.pop().send(request)
            return
        host, port = self._places[instance]
        loop = asyncio.get_running_loop()
        try:
            _, made = await loop.create_connection(
                lambda: _Connection(self.outcome, idle), host, port
            )
        except OSError:
            self.outcome.failed += 1
            return
        made.send(request)


def _place(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    if parts.hostname is None or parts.port is None:
        raise ValueError(f"{url} is not http://HOST:PORT")
    return parts.hostname, parts.port
