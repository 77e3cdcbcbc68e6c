"""A gateway and an emulated instance behind it, served in a thread for clients that block."""

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from pipeline.fleet.server import Emulator, Settings
from pipeline.gateway import Access, Gateway, Keys
from tests.fleet.serving import small_fleet
from tests.gateway.gateway_rig import make_gateway, until

KEY = "sk-of-the-gateway"  # made up


@dataclass
class Doors:
    """Where the gateway and one of its instances listen on the loopback, and the gateway."""

    ports: dict[str, int]
    gateway: Gateway


@pytest.fixture(scope="module")
def doors() -> Iterator[Doors]:
    ready, loop, ended = threading.Event(), asyncio.new_event_loop(), asyncio.Event()
    found: list[Doors] = []

    async def serve() -> None:
        fleet = small_fleet()
        settings = Settings(speed=1000.0, seed=7, output_tokens=5)
        async with Emulator(fleet, settings, "127.0.0.1", 0) as emulator:
            known = fleet.model_copy(update={"endpoints": emulator.urls})
            async with make_gateway(known, access=Access(Keys([KEY]))) as gateway:
                urls = {"gateway": gateway.url, "instance": emulator.urls["small-0"]}
                ports = {name: int(url.rpartition(":")[2]) for name, url in urls.items()}
                found.append(Doors(ports, gateway))
                ready.set()
                await ended.wait()
                await until(lambda: gateway.relay.under_way == 0)
                assert gateway.router.ledger.in_flight == 0

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    try:
        assert ready.wait(30)
        yield found[0]
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join(30)
        assert not thread.is_alive()
        loop.close()
