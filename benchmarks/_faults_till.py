"""One emulated instance behind a till: it writes down what was asked and what was answered whole.

    python -m benchmarks._faults_till FLEET NAME FOLDER --port PORT

serves instance NAME of a fleet file. FOLDER/NAME.url says where once it listens; FOLDER/NAME.till
gets a line `asked|done KEY MONOTONIC_S` per event, KEY standing for the last turn's text, which
a SIGKILL cannot take back.
FOLDER/NAME.fault holds what goes wrong now: slow, error, reset, or deaf to questions after metrics.
"""

import asyncio
import hashlib
import json
import os
import sys
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout, web

from benchmarks._faults_process import Served
from pipeline.files import write_text
from pipeline.fleet.server import Emulator, Settings
from pipeline.params import load_fleet

__all__ = ["asked_at", "done", "key_of", "paid_twice", "serving_till"]

_SLOW_S = 0.15  # added to every piece of an answer
_SENT = 3  # pieces before a reset


def serving_till(fleet: Path, name: str, folder: Path) -> Served:
    """An instance of a fleet file in a process of its own, not yet started."""
    command = ["-m", "benchmarks._faults_till", str(fleet), name, str(folder), "--port", "0"]
    return Served(command, folder / f"{name}.url")


def key_of(text: str) -> str:
    """What a text is called in a till."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def asked_at(tills: list[Path]) -> dict[str, float]:
    """When each text first arrived at any instance, s on the monotonic clock."""
    first: dict[str, float] = {}
    for what, key, at in _lines(tills):
        if what == "asked":
            first[key] = min(at, first.get(key, at))
    return first


def done(tills: list[Path]) -> Counter[str]:
    """How often each text was answered whole."""
    return Counter(key for what, key, _ in _lines(tills) if what == "done")


def paid_twice(tills: list[Path]) -> int:
    """How many whole answers instances gave beyond one per text."""
    return sum(times - 1 for times in done(tills).values())


def _lines(tills: list[Path]) -> list[tuple[str, str, float]]:
    lines = [
        line.split() for till in tills if till.exists() for line in till.read_text().splitlines()
    ]
    return [(what, key, float(at)) for what, key, at in lines]


class _Till:
    """Passes everything on to the instance behind it, but for what is to go wrong."""

    def __init__(self, behind: str, session: ClientSession, folder: Path, name: str) -> None:
        self._behind, self._session = behind, session
        self._fault = folder / f"{name}.fault"
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        self._till = os.open(folder / f"{name}.till", flags, 0o600)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        fault = self._fault.read_text() if self._fault.exists() else ""
        if fault == "deaf" and request.path == "/metrics":
            return _dropped(request)
        body = await request.read()
        call = _key(request, body)
        self._note("asked", call)
        if call is not None and fault == "error":
            return web.Response(status=500, text="the till is out of order")
        kind = {"Content-Type": request.content_type}
        asked = self._session.request(
            request.method, self._behind + request.path, data=body, headers=kind
        )
        try:
            async with asked as answer:
                return await self._passed(request, answer, call, fault)
        except ClientError:
            return _dropped(request)

    async def _passed(
        self,
        request: web.Request,
        answer: ClientResponse,
        call: str | None,
        fault: str,
    ) -> web.StreamResponse:
        kind = {"Content-Type": answer.headers.get("Content-Type", "text/plain")}
        response = web.StreamResponse(status=answer.status, headers=kind)
        response.enable_chunked_encoding()
        await response.prepare(request)
        pieces = 0
        async for piece in answer.content.iter_any():
            pieces += 1
            if call is not None and fault == "reset" and pieces > _SENT:
                return _dropped(request)
            if call is not None and fault == "slow":
                await asyncio.sleep(_SLOW_S)
            await response.write(piece)
        if answer.status == 200:
            self._note("done", call)
        await response.write_eof()
        return response

    def _note(self, what: str, call: str | None) -> None:
        if call is not None:
            os.write(self._till, f"{what} {call} {time.monotonic():.6f}\n".encode())


def _key(request: web.Request, body: bytes) -> str | None:
    if not request.path.endswith("/chat/completions"):
        return None
    return key_of(json.loads(body)["messages"][-1]["content"])


def _dropped(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)


async def _serve(fleet: Path, name: str, port: int, folder: Path) -> None:
    declared = load_fleet(fleet)
    tier = name.rpartition("-")[0]
    alone = declared.model_copy(update={"instances": {tier: 1}, "endpoints": {}})
    async with (
        Emulator(alone, Settings(), "127.0.0.1", 0) as emulator,
        ClientSession(timeout=ClientTimeout(total=None)) as session,
    ):
        till = _Till(emulator.urls[f"{tier}-0"], session, folder, name)
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", till.handle)
        runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        write_text(folder / f"{name}.url", f"http://127.0.0.1:{runner.addresses[0][1]}\n")
        await asyncio.Event().wait()


def main() -> None:
    """Serve until interrupted."""
    fleet, name, folder, _, port = sys.argv[1:]
    with suppress(KeyboardInterrupt):
        asyncio.run(_serve(Path(fleet), name, int(port), Path(folder)))


if __name__ == "__main__":
    main()
