"""A small fleet served on the loopback interface, and a client that reads it byte by byte."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from pipeline.fleet.server import Emulator, Recorded, Settings
from pipeline.params import FleetParams

__all__ = ["Client", "events_of", "serve", "small_fleet"]

# Every iteration takes 10 ms, whatever is in it.
_TIER = {
    "gpu": "A30",
    "gpus": 1,
    "step": {"w": 10.0, "c": 0.0, "e": 0.0, "f": 0.0001, "d": 0.0, "q": 0.0},
    "kv_tokens": 16_000,
    "max_num_seqs": 8,
    "max_batched_tokens": 64,
    "price_in": 0.1,
    "price_out": 0.1,
    "static_ttft_ms": 10.0,
    "static_tpot_ms": 10.0,
}


def small_fleet(*faults: dict[str, Any], **tier: Any) -> FleetParams:
    """One tier `small` with two instances of `emu-small`, and one of `emu-large`."""
    return FleetParams.model_validate(
        {
            "tiers": {
                "small": _TIER | {"model": "emu-small"} | tier,
                "large": _TIER | {"model": "emu-large"} | tier,
            },
            "instances": {"small": 2, "large": 1},
            "faults": list(faults),
        }
    )


class Client:
    """Talks to one instance of a running emulator."""

    def __init__(self, session: aiohttp.ClientSession, emulator: Emulator) -> None:
        self.session, self.urls = session, emulator.urls

    def url(self, path: str, instance: str = "small-0") -> str:
        return self.urls[instance] + path

    async def get(self, path: str, instance: str = "small-0") -> tuple[int, bytes]:
        async with self.session.get(self.url(path, instance)) as response:
            return response.status, await response.read()

    async def post(
        self, path: str, instance: str = "small-0", **body: Any
    ) -> tuple[int, dict[str, Any]]:
        async with self.session.post(self.url(path, instance), json=body) as response:
            return response.status, json.loads(await response.read())

    async def stream(self, path: str, instance: str = "small-0", **body: Any) -> bytes:
        url = self.url(path, instance)
        async with self.session.post(url, json=body | {"stream": True}) as response:
            assert response.status == 200
            assert response.headers["Content-Type"] == "text/event-stream; charset=utf-8"
            return await response.read()

    async def sample(self, name: str, instance: str = "small-0", **labels: str) -> float:
        """The one sample of this name with these labels, as the Prometheus parser reads it."""
        _, text = await self.get("/metrics", instance)
        found = [
            sample.value
            for family in text_string_to_metric_families(text.decode())
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        ]
        assert len(found) == 1, f"{name} {labels}: {len(found)} samples"
        return float(found[0])


def serve(
    work: Callable[[Client], Awaitable[None]],
    fleet: FleetParams | None = None,
    recorded: dict[str, dict[str, Recorded]] | None = None,
    **settings: Any,
) -> None:
    """Run a test against a fleet that is served a hundred times as fast as its engines."""

    async def run() -> None:
        served = Settings(**({"speed": 100.0, "seed": 7} | settings))
        emulator = Emulator(fleet or small_fleet(), served, "127.0.0.1", 0, recorded)
        async with emulator, aiohttp.ClientSession() as session:
            await asyncio.wait_for(work(Client(session, emulator)), 20)

    asyncio.run(run())


def events_of(stream: bytes) -> list[dict[str, Any]]:
    """The events of a stream in front of its [DONE], which must be there."""
    parts = stream.split(b"\n\n")
    assert parts[-2:] == [b"data: [DONE]", b""]
    assert all(part.startswith(b"data: ") for part in parts[:-1])
    return [json.loads(part.removeprefix(b"data: ")) for part in parts[:-2]]
