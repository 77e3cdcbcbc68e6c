"""Whoever stood still himself calls nobody slow; nobody waits for a body that never comes."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Callable

import pytest

from pipeline.gateway import Settings
from pipeline.gateway._patience import patience
from tests.gateway.gateway_rig import CHAT, Rig, behind


def uv_loop() -> asyncio.AbstractEventLoop:
    import uvloop

    loop: asyncio.AbstractEventLoop = uvloop.new_event_loop()
    return loop


@pytest.mark.parametrize("make", [asyncio.new_event_loop, uv_loop])
def test_what_came_while_the_loop_stood_still_is_read(
    make: Callable[[], asyncio.AbstractEventLoop],
) -> None:
    async def wait() -> bytes:
        ours, theirs = socket.socketpair()
        reader, writer = await asyncio.open_connection(sock=ours)
        try:
            async with patience(asyncio.get_running_loop().time() + 0.02):
                theirs.send(b"there")
                time.sleep(0.2)
                return await reader.read(5)
        finally:
            writer.close()
            theirs.close()

    with asyncio.Runner(loop_factory=make) as runner:
        assert runner.run(wait()) == b"there"


def test_silence_ends_the_patience() -> None:
    async def wait() -> None:
        async with patience(asyncio.get_running_loop().time() + 0.02):
            await asyncio.Event().wait()

    with pytest.raises(TimeoutError):
        asyncio.run(wait())


def test_a_body_that_never_comes_is_a_408() -> None:
    async def never() -> AsyncIterator[bytes]:
        yield b'{"messages"'
        await asyncio.Event().wait()

    async def work(rig: Rig) -> None:
        told = await rig.send(CHAT, never())
        assert (told.status, told.code) == (408, "slow_body")
        assert (await rig.chat()).status == 200

    behind(work, settings=Settings(body_s=0.1))
