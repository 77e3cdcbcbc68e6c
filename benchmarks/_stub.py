"""A server that streams 64 tokens as told, fast enough that nobody waits for it but on purpose.

    python -m benchmarks._stub LOG [--first-ms LOW HIGH] [--gap-ms MS]

prints its URL, serves until SIGTERM, and then writes what it did as JSON: of every answer when the
request was there, when the first event with text was handed to the socket, and when the last one
was, s on the monotonic clock. With no delay an answer is one write. It is a raw protocol of the
event loop: requests are only looked at for their length and path.
"""

import argparse
import asyncio
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

import numpy as np

from pipeline.files import write_json
from pipeline.streams import stream

__all__ = ["TOKENS", "Answered", "Stub", "stub"]

TOKENS = 64
SEED = 1


@dataclass(frozen=True)
class Answered:
    """One answer, in the stub's own account; monotonic clock, s."""

    received: float
    first: float
    done: float


@dataclass
class Stub:
    """A stub that serves: its URL, and once it is stopped what it answered."""

    url: str
    answers: list[Answered]


@contextmanager
def stub(*options: str) -> Iterator[Stub]:
    """Serve in another process; the answers are there after the block.

    Raises:
        SystemExit: it did not come up.
    """
    with TemporaryDirectory() as folder:
        log = Path(folder) / "log.json"
        command = [sys.executable, "-m", "benchmarks._stub", str(log), *options]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        served = Stub(process.stdout.readline().strip(), [])
        if not served.url:
            raise SystemExit("the stub did not come up")
        try:
            yield served
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=60)
        served.answers = [Answered(*row) for row in json.loads(log.read_text())]


def _event(choices: list[dict[str, object]], **more: object) -> bytes:
    body = {
        "id": "chatcmpl-stub",
        "object": "chat.completion.chunk",
        "created": 0,
        "model": "stub",
        "choices": choices,
    }
    return f"data: {json.dumps(body | more, separators=(',', ':'))}\n\n".encode()


def _delta(finish: str | None = None, **delta: object) -> bytes:
    return _event([{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}])


def _framed(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


_HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n"
)
_ROLE = _HEAD + _framed(_delta(role="assistant", content=""))
_TOKENS = [_framed(_delta(content=f" word{i}")) for i in range(TOKENS)]
_USAGE = {"prompt_tokens": 32, "completion_tokens": TOKENS, "total_tokens": 32 + TOKENS}
_END = (
    _framed(_delta("stop"))
    + _framed(_event([], usage=_USAGE))
    + _framed(b"data: [DONE]\n\n")
    + b"0\r\n\r\n"
)
_WHOLE = _ROLE + b"".join(_TOKENS) + _END
_MODELS = json.dumps(
    {"object": "list", "data": [{"id": "stub", "object": "model", "max_model_len": 8192}]}
).encode()


class _Connection(asyncio.Protocol):
    def __init__(self, first: Iterator[float], gap_s: float, log: list[Answered]) -> None:
        self._first, self._gap_s, self._log = first, gap_s, log
        self._loop = asyncio.get_running_loop()
        self._data = b""
        self._gone = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._gone = True

    def data_received(self, data: bytes) -> None:
        self._data += data
        head = self._data.find(b"\r\n\r\n")
        if head < 0 or len(self._data) < head + 4 + _length(self._data[:head]):
            return
        posted, self._data = self._data.startswith(b"POST"), b""
        if not posted:
            self._transport.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                b"Content-Length: %d\r\n\r\n%b" % (len(_MODELS), _MODELS)
            )
            return
        now, delay = time.monotonic(), next(self._first)
        if delay:
            self._transport.write(_ROLE)
            self._loop.call_later(delay, self._token, now, 0.0, 0)
        else:
            self._transport.write(_WHOLE)
            self._log.append(Answered(now, now, time.monotonic()))

    def _token(self, received: float, first: float, number: int) -> None:
        if self._gone:
            return
        at = time.monotonic()
        if number + 1 < TOKENS:
            self._transport.write(_TOKENS[number])
            self._loop.call_later(self._gap_s, self._token, received, first or at, number + 1)
        else:
            self._transport.write(_TOKENS[number] + _END)
            self._log.append(Answered(received, first or at, at))


def _length(head: bytes) -> int:
    _, _, after = head.lower().partition(b"content-length:")
    return int(after.split(b"\r\n", 1)[0]) if after else 0


def _delays(low: float, high: float) -> Iterator[float]:
    rng = stream(SEED, "benchmark", "stub")
    while True:
        yield from rng.uniform(low, high, 1000).tolist()


async def _serve(asked: argparse.Namespace) -> list[Answered]:
    log: list[Answered] = []
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    first = _delays(*np.array(asked.first_ms) * 1e-3)
    gap_s = asked.gap_ms * 1e-3
    server = await loop.create_server(
        lambda: _Connection(first, gap_s, log), "127.0.0.1", 0, backlog=1024
    )
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await stop.wait()
    server.close()
    return log


def main() -> None:
    """Serve until told to stop, then write the log."""
    import uvloop

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("log", type=Path)
    parser.add_argument("--first-ms", type=float, nargs=2, default=(0.0, 0.0))
    parser.add_argument("--gap-ms", type=float, default=0.0)
    asked = parser.parse_args()
    # The one who started it stops it, also when Ctrl-C reaches both.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        log = runner.run(_serve(asked))
    write_json(asked.log, [[one.received, one.first, one.done] for one in log])


if __name__ == "__main__":
    main()
