"""What goes wrong upstream: tried elsewhere before the first token, told after, remembered."""

import asyncio
import json
from typing import Any

import pytest

from pipeline.gateway import HealthRule, Settings
from tests.fleet.serving import small_fleet
from tests.gateway.gateway_rig import Rig, behind, sse, until

SMALL = "emu-small"
EVER = {"from_s": 0.0, "to_s": 1e6}


def fault(instance: str, kind: str, **more: Any) -> dict[str, Any]:
    return {"instance": instance, "kind": kind} | EVER | more


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("kind", ["error", "crash"])
def test_a_failure_before_the_first_token_is_tried_elsewhere(kind: str, stream: bool) -> None:
    more = {"share": 1.0} if kind == "error" else {}

    async def work(rig: Rig) -> None:
        attempts = []
        for _ in range(4):
            told = await rig.chat(model=SMALL, stream=stream, routebalance={"trace": True})
            assert told.status == 200
            assert told.trace["instance"] == "small-1"
            attempts.append(told.trace["attempts"])
        # What crashed is seen by its telemetry as well, maybe before anybody was sent there.
        assert max(attempts) == 2 or kind == "crash"

    behind(work, small_fleet(fault("small-0", kind, **more)), arm="turns")


def test_after_the_first_token_a_failure_is_an_event_and_nothing_is_tried_again() -> None:
    broken = [fault(f"small-{i}", "reset", share=1.0, tokens=3) for i in range(2)]

    async def work(rig: Rig) -> None:
        told = await rig.chat(model=SMALL, stream=True, max_tokens=50)
        assert told.status == 200
        *events, last = sse(told.body)
        error = json.loads(last)["error"]
        assert error["code"] == "upstream_failed"
        assert "1 instance was tried" in error["message"]
        assert sum("content" in json.loads(e)["choices"][0]["delta"] for e in events) == 4
        assert b"[DONE]" not in told.body

    behind(work, small_fleet(*broken))


def test_when_all_fail_the_last_failure_is_told() -> None:
    broken = [fault(name, "error", share=1.0) for name in small_fleet().instance_names]

    async def work(rig: Rig) -> None:
        told = await rig.chat(routebalance={"trace": True})
        assert (told.status, told.code) == (502, "upstream_failed")
        assert "it answered HTTP 500" in told.json["error"]["message"]
        assert "3 instances were tried" in told.json["error"]["message"]
        assert told.trace["attempts"] == 3
        pinned = await rig.chat(model="emu-large")
        assert (pinned.status, pinned.code) == (502, "upstream_failed")
        assert "1 instance was tried" in pinned.json["error"]["message"]

    behind(work, small_fleet(*broken), rule=HealthRule(failures=10))


def test_no_more_instances_are_tried_than_allowed() -> None:
    broken = [fault(name, "error", share=1.0) for name in small_fleet().instance_names]

    async def work(rig: Rig) -> None:
        assert "2 instances were" in (await rig.chat()).json["error"]["message"]

    behind(work, small_fleet(*broken), settings=Settings(attempts=2))


def test_silence_before_the_first_token_is_a_timeout_and_is_tried_elsewhere() -> None:
    hung = fault("small-0", "stall")

    async def work(rig: Rig) -> None:
        told = await asyncio.gather(
            *(rig.chat(model=SMALL, stream=True, routebalance={"trace": True}) for _ in range(2))
        )
        assert [one.status for one in told] == [200, 200]
        assert sorted(one.trace["attempts"] for one in told) == [1, 2]
        assert all(one.trace["instance"] == "small-1" for one in told)

    behind(work, small_fleet(hung), arm="turns", settings=Settings(first_token_s=1.5))


def test_a_fleet_that_hangs_is_a_504() -> None:
    hung = [fault(f"small-{i}", "stall") for i in range(2)]

    async def work(rig: Rig) -> None:
        told = await rig.chat(model=SMALL)
        assert (told.status, told.code) == (504, "upstream_timeout")

    behind(work, small_fleet(*hung), settings=Settings(answer_s=0.2))


def test_silence_between_tokens_ends_the_stream_with_an_event() -> None:
    # 10 ms of the engine a token, at its pace: it hangs in the midst of the answer.
    hung = [fault(f"small-{i}", "stall") | {"from_s": 0.3} for i in range(2)]

    async def work(rig: Rig) -> None:
        told = await rig.chat(model=SMALL, stream=True, max_tokens=200)
        assert told.status == 200
        assert json.loads(sse(told.body)[-1])["error"]["code"] == "upstream_timeout"

    behind(
        work,
        small_fleet(*hung),
        served={"speed": 0.2, "output_tokens": 500},
        settings=Settings(between_s=0.3),
    )


def test_a_client_that_leaves_is_told_to_the_instance() -> None:
    async def work(rig: Rig) -> None:
        for stream in (True, False):
            task = asyncio.create_task(rig.chat(model="emu-large", max_tokens=5000, stream=stream))
            await until_load(rig, 1)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await until_load(rig, 0)
            await until(lambda: rig.gateway.router.ledger.in_flight == 0)
        page = await rig.metrics()
        assert sum(line.endswith('outcome="cancelled"} 1.0') for line in page.splitlines()) == 2

    behind(work, served={"speed": 2.0, "output_tokens": 5000})


async def until_load(rig: Rig, wanted: int) -> None:
    """Wait until the large instance says that it has so many requests."""
    async with asyncio.timeout(10):
        while True:
            async with rig.session.get(rig.emulator.urls["large-0"] + "/load") as response:
                if (await response.json())["server_load"] == wanted:
                    return
            await asyncio.sleep(0.02)


def test_a_client_that_leaves_the_queue_is_forgotten() -> None:
    async def work(rig: Rig) -> None:
        first = asyncio.create_task(rig.chat(max_tokens=5000))
        await until(lambda: rig.gateway.router.ledger.in_flight == 1)
        second = asyncio.create_task(rig.chat())
        await until(lambda: rig.gateway.router.waiting == 1)
        second.cancel()
        await until(lambda: rig.gateway.router.waiting == 0)
        first.cancel()
        await until(lambda: rig.gateway.relay.under_way == 0)
        assert (await rig.chat()).status == 200

    behind(
        work,
        served={"speed": 2.0, "output_tokens": 5000},
        settings=Settings(max_in_flight=1),
    )


def test_an_instance_that_fails_is_put_out_and_comes_back() -> None:
    # Of the engine: it fails for the first 300 s, which are 3 s of the wall.
    ill = fault("small-0", "error", share=1.0) | {"to_s": 300.0}

    async def work(rig: Rig) -> None:
        state = rig.gateway.status
        for _ in range(6):
            assert (await rig.chat(model=SMALL)).status == 200
        health = {one["name"]: one["health"] for one in state.shown()["instances"]}
        assert health == {"small-0": "out", "small-1": "in", "large-0": "in"}
        assert 'routebalance_evictions{instance="small-0"} 1.0' in await rig.metrics()
        told = [await rig.chat(model=SMALL, routebalance={"trace": True}) for _ in range(4)]
        assert {one.trace["attempts"] for one in told} <= {1, 2}
        served = set()
        async with asyncio.timeout(15):
            while "small-0" not in served:
                await asyncio.sleep(0.05)
                told_one = await rig.chat(model=SMALL, routebalance={"trace": True})
                assert told_one.status == 200
                served.add(told_one.trace["instance"])
        assert state.shown()["instances"][0]["health"] == "in"

    behind(
        work,
        small_fleet(ill),
        arm="turns",
        served={"speed": 100.0},
        rule=HealthRule(failures=2, pause_s=0.2, longest_s=0.4),
    )


def test_a_fleet_that_is_all_out_is_a_503_with_the_time_of_the_next_trial() -> None:
    broken = [fault(name, "error", share=1.0) for name in small_fleet().instance_names]

    async def work(rig: Rig) -> None:
        assert (await rig.chat()).status == 502
        told = await rig.chat()
        assert (told.status, told.code) == (503, "no_instance")
        assert 1 <= int(told.headers["Retry-After"]) <= 7
        ready = await rig.get("/ready")
        assert (ready.status, ready.code) == (503, "no_instance")

    behind(work, small_fleet(*broken), rule=HealthRule(failures=1, pause_s=6.9))


def test_an_instance_whose_telemetry_is_lost_gets_nothing_while_others_answer() -> None:
    async def work(rig: Rig) -> None:
        await rig.emulator._runners[0].cleanup()  # nobody listens on small-0 any more
        named = {o["name"]: o["telemetry"] for o in rig.gateway.status.shown()["instances"]}
        assert named["small-0"] == "fresh"
        status = rig.gateway.status
        await until(lambda: status.shown()["instances"][0]["telemetry"] == "unreachable")
        for _ in range(4):
            told = await rig.chat(model=SMALL, routebalance={"trace": True})
            assert (told.trace["instance"], told.trace["attempts"]) == ("small-1", 1)

    behind(work, arm="turns")


def test_a_fleet_that_only_lost_its_telemetry_still_serves() -> None:
    async def work(rig: Rig) -> None:
        assert {o["telemetry"] for o in rig.gateway.status.shown()["instances"]} != {"unreachable"}
        telemetry = rig.gateway.status._telemetry
        for reader in telemetry._readers:
            reader._url += "/lost"
        await until(lambda: {o.state for o in telemetry.view(1e9)} == {"unreachable"})
        assert [(await rig.chat()).status for _ in range(3)] == [200, 200, 200]

    behind(work)
