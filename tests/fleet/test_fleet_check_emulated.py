"""The telemetry adapter and the check read the emulated server as they read vLLM."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import aiohttp
import pytest

from pipeline.fleet.server import Emulator, Settings
from pipeline.fleet.telemetry import (
    Checked,
    FleetReader,
    MetricsSample,
    PollRule,
    check_fleet,
    difference,
    probe_fleet,
    to_telemetry,
)
from pipeline.params import FleetParams, load_fleet

T = TypeVar("T")
RULE = PollRule(period=0.02, timeout=2.0, stale_after=1.0)


@pytest.fixture
def fleet(root: Path) -> FleetParams:
    """Two of the cheapest instances and one of each other tier."""
    fleet = load_fleet(root / "params.yaml")
    names = list(fleet.tiers)
    return fleet.model_copy(update={"instances": dict.fromkeys(names, 1) | {names[0]: 2}})


def served(fleet: FleetParams, work: Callable[[Emulator, FleetParams], Awaitable[T]]) -> T:
    """Do some work on the fleet while it is served, with its endpoints."""

    async def run() -> T:
        settings = Settings(speed=20.0, prefix_caching=True)
        async with Emulator(fleet, settings, "127.0.0.1", 0) as emulator:
            return await work(emulator, fleet.model_copy(update={"endpoints": emulator.urls}))

    return asyncio.run(run())


async def check(_: Emulator, fleet: FleetParams) -> list[Checked]:
    return check_fleet(fleet, await probe_fleet(fleet.endpoints, 5.0))


def test_an_emulated_fleet_is_sound(fleet: FleetParams) -> None:
    checked = served(fleet, check)
    assert [one.name for one in checked] == fleet.instance_names
    assert [one.problems for one in checked] == [()] * len(checked)
    assert {one.label for one in checked} == {"emulated"}
    for one in checked:
        assert one.sample is not None
        assert one.sample.running == 0
        assert one.sample.kv_tokens == pytest.approx(fleet.tiers[one.tier].kv_tokens, abs=16)
        assert one.max_model_len is not None


def test_swapped_endpoints_are_found(fleet: FleetParams) -> None:
    first, *_, last = fleet.instance_names

    async def swapped(emulator: Emulator, fleet: FleetParams) -> list[Checked]:
        urls = emulator.urls | {first: emulator.urls[last], last: emulator.urls[first]}
        return await check(emulator, fleet.model_copy(update={"endpoints": urls}))

    wrong = {one.name: one.problems for one in served(fleet, swapped) if one.problems}
    assert set(wrong) == {first, last}
    assert "serves no model" in wrong[first][0]


async def answered(reader: FleetReader, holds: Callable[[MetricsSample], bool]) -> MetricsSample:
    clock = asyncio.get_running_loop().time
    async with asyncio.timeout(20):
        while True:
            sample = reader.view(clock())[0].sample
            if sample is not None and holds(sample):
                return sample
            await asyncio.sleep(0.01)


def test_reads_what_was_served(fleet: FleetParams) -> None:
    """Three requests of known lengths, one after the other, then the counters by hand."""
    name = fleet.instance_names[0]
    body = {
        "model": fleet.tiers[name.rpartition("-")[0]].model,
        "prompt": list(range(40)),
        "max_tokens": 12,
        "ignore_eos": True,
    }

    async def work(emulator: Emulator, _: FleetParams) -> tuple[MetricsSample, MetricsSample]:
        url = emulator.urls[name]
        async with FleetReader({name: url}, RULE, seed=1) as reader:
            before = await answered(reader, lambda sample: True)
            async with aiohttp.ClientSession() as session:
                for _ in range(3):
                    async with session.post(f"{url}/v1/completions", json=body) as response:
                        assert response.status == 200, await response.text()
                        await response.read()
            return before, await answered(reader, lambda s: s.e2e is not None and s.e2e.count == 3)

    before, after = served(fleet, work)
    gained = difference(after, before)
    assert not gained.restarted
    assert (gained.prompt_tokens, gained.generation_tokens, gained.preemptions) == (120, 36, 0)
    assert gained.ttft is not None
    assert gained.itl is not None
    assert gained.tpot is not None
    assert (gained.ttft.count, gained.itl.count, gained.tpot.count) == (3, 33, 3)
    assert gained.itl.mean == pytest.approx(gained.tpot.mean)
    state = to_telemetry(after)
    assert (state.running, state.waiting, state.context_tokens) == (0, 0, 0)
