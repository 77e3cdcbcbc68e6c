"""One emulated instance behind a till: it writes down what was asked and what was answered whole.

    python -m benchmarks._faults_till FLEET NAME PORT FOLDER

serves instance NAME of a fleet file. FOLDER/NAME.url says where once it listens; FOLDER/NAME.till
gets a line `asked|done NUMBER MONOTONIC_S` per event, which a SIGKILL cannot take back.
FOLDER/NAME.fault holds what goes wrong now: slow, error, reset, or deaf to questions after metrics.
"""

import asyncio
import os
import re
import sys
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout, web

from pipeline.files import write_text
from pipeline.fleet.server import Emulator, Settings
from pipeline.params import load_fleet

__all__ = ["asked_at", "marked", "paid_twice"]

_CALL = re.compile(rb"call-(\d+)")
_SLOW_S = 0.15  # added to every piece of an answer
_SENT = 3  # pieces before a reset


def marked(number: int) -> str:
    """The text of a call, by which the till knows it."""
    return f"call-{number} Count the rivers of the country."


def asked_at(tills: list[Path]) -> dict[int, float]:
    """When each call first arrived at any instance, s on the monotonic clock."""
    first: dict[int, float] = {}
    for what, number, at in _lines(tills):
        if what == "asked":
            first[number] = min(at, first.get(number, at))
    return first


def paid_twice(tills: list[Path]) -> int:
    """How many whole answers instances gave beyond one per call."""
    done = Counter(number for what, number, _ in _lines(tills) if what == "done")
    return sum(times - 1 for times in done.values())


def _lines(tills: list[Path]) -> list[tuple[str, int, float]]:
    lines = [line.split() for till in tills if till.exists() for line in till.open()]
    return [(what, int(number), float(at)) for what, number, at in lines]


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
        call = _CALL.search(body)
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
        call: "re.Match[bytes] | None",
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

    def _note(self, what: str, call: re.Match[bytes] | None) -> None:
        if call is not None:
            os.write(self._till, f"{what} {int(call[1])} {time.monotonic():.6f}\n".encode())


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
    fleet, name, port, folder = sys.argv[1:]
    with suppress(KeyboardInterrupt):
        asyncio.run(_serve(Path(fleet), name, int(port), Path(folder)))


if __name__ == "__main__":
    main()
