"""How much is taken in: overload, the order of the queue, and the way down."""

import asyncio
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from pipeline.errors import EndpointError, ParamsError
from pipeline.fleet.server import Emulator
from pipeline.fleet.server import Settings as Served
from pipeline.gateway import Access, Keys, Settings, read_keys
from pipeline.params import dump_fleet
from tests.fleet.serving import small_fleet
from tests.gateway.gateway_rig import CHAT, Rig, behind, make_gateway, sse, until

TIGHT = Settings(max_in_flight=4, max_queue=8)


def test_at_ten_times_what_fits_the_rest_is_told_to_come_again_and_all_end() -> None:
    async def work(rig: Rig) -> None:
        told = await asyncio.gather(*(rig.chat(max_tokens=20) for _ in range(120)))
        count = Counter(one.status for one in told)
        assert set(count) == {200, 429}
        assert count[200] >= 12
        for one in told:
            if one.status == 429:
                assert one.code == "overloaded"
                assert 1 <= int(one.headers["Retry-After"]) <= 60
            else:
                assert one.json["usage"]["completion_tokens"] == 20
        later = await asyncio.gather(*(rig.chat() for _ in range(5)))
        assert [one.status for one in later] == [200] * 5
        page = await rig.metrics()
        assert f'http="429",outcome="refused"}} {float(count[429])}' in page
        assert f'http="200",outcome="ok"}} {count[200] + 5.0}' in page

    behind(work, settings=TIGHT)


@pytest.mark.parametrize(("arm", "allowed"), [("queue", 4), ("pair", 3)])
def test_no_more_are_on_the_instances_than_allowed(arm: str, allowed: int) -> None:
    async def work(rig: Rig) -> None:
        most = 0
        asked = [asyncio.create_task(rig.chat(max_tokens=20)) for _ in range(12)]
        while not all(task.done() for task in asked):
            most = max(most, sum(rig.gateway.router.flying))
            await asyncio.sleep(0.001)
        assert most == allowed

    behind(
        work,
        arm=arm,
        served={"speed": 5.0},  # slow enough to be seen
        settings=Settings(max_in_flight=allowed, max_queue=12),
    )


def test_a_refusal_makes_room_for_whoever_waits() -> None:
    async def work(rig: Rig) -> None:
        impossible = {"routebalance": {"ttft_slo_s": 1e-9}}
        told = await asyncio.gather(*(rig.chat(**impossible) for _ in range(10)), rig.chat())
        assert [one.status for one in told] == [429] * 10 + [200]

    behind(work, arm="strict_pair", settings=Settings(max_in_flight=1))


def test_a_drain_ends_what_is_under_way_and_takes_nothing_in() -> None:
    async def work(rig: Rig) -> None:
        running = asyncio.create_task(rig.chat(stream=True, max_tokens=60))
        await until(lambda: rig.gateway.router.ledger.in_flight == 1)
        assert (await rig.post("/admin/drain", {})).json["draining"] is True
        late = await rig.chat()
        assert (late.status, late.code) == (503, "draining")
        assert int(late.headers["Retry-After"]) >= 1
        assert (await rig.get("/ready")).code == "draining"
        assert (await rig.get("/health")).status == 200
        assert not running.done()
        assert await rig.gateway.drained()
        assert sse((await running).body)[-1] == b"[DONE]"

    behind(work, served={"speed": 2.0, "output_tokens": 500})


def test_a_drain_that_begins_while_a_body_comes_takes_it_in_no_more() -> None:
    async def work(rig: Rig) -> None:
        begun, ends = asyncio.Event(), asyncio.Event()

        async def body() -> AsyncIterator[bytes]:
            yield b'{"messages": [{"role": "user", "content": "?"}]'
            begun.set()
            await ends.wait()
            yield b"}"

        late = asyncio.create_task(rig.send(CHAT, body()))
        await begun.wait()
        await asyncio.sleep(0.1)  # for the head to be looked at
        assert await rig.gateway.drained()
        ends.set()
        assert (await late).code == "draining"

    behind(work)


def test_a_batch_whose_clients_have_all_left_is_no_batch(caplog: pytest.LogCaptureFixture) -> None:
    async def work(rig: Rig) -> None:
        leaves = asyncio.create_task(rig.chat())
        await until(lambda: rig.gateway.router.waiting == 1)
        leaves.cancel()
        await until(lambda: rig.gateway.router.waiting == 0)
        await asyncio.sleep(0.3)  # the batch was to close after 100 ms
        assert (await rig.chat()).status == 200

    behind(work, arm="timed")
    assert not caplog.records


def test_a_drain_does_not_wait_for_ever() -> None:
    async def work(rig: Rig) -> None:
        running = asyncio.create_task(rig.chat(max_tokens=5000))
        await until(lambda: rig.gateway.router.ledger.in_flight == 1)
        assert not await rig.gateway.drained()
        running.cancel()

    behind(work, served={"speed": 1.0, "output_tokens": 5000}, settings=Settings(drain_s=0.1))


def test_a_signal_drains_the_process(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib\n"
        "from pipeline.gateway import run_gateway\n"
        "from pipeline.params import load_fleet\n"
        "from tests.gateway.gateway_rig import make_gateway\n"
        "fleet = load_fleet(pathlib.Path(sys.argv[1]))\n"
        "run_gateway(lambda: make_gateway(fleet), lambda one: print(one.url, flush=True))\n"
    )

    async def run() -> tuple[bytes, int]:
        served = small_fleet()
        async with Emulator(served, Served(speed=2.0, output_tokens=500), "127.0.0.1", 0) as fleet:
            file = tmp_path / "fleet.yaml"
            dump_fleet(served.model_copy(update={"endpoints": fleet.urls}), file)
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-c", code, str(file), stdout=subprocess.PIPE,
                cwd=Path(__file__).parents[2],
            )  # fmt: skip
            assert process.stdout is not None
            url = (await process.stdout.readline()).decode().strip()
            body = {"messages": [{"role": "user", "content": "?"}], "max_tokens": 60}
            async with (
                aiohttp.ClientSession() as session,
                session.post(url + CHAT, json=body | {"stream": True}) as response,
            ):
                process.send_signal(signal.SIGTERM)
                told = await response.read()
            await process.wait()
            # Its pipe is closed with it, and not by the collector in some other test.
            process._transport.close()  # type: ignore[attr-defined]
            return told, process.returncode or 0

    told, status = asyncio.run(asyncio.wait_for(run(), 60))
    assert sse(told)[-1] == b"[DONE]"
    assert status == 0


def test_keys_open_what_they_are_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENS", "first-key, second-key")
    monkeypatch.setenv("RULES", "admin-key")
    access = Access(read_keys("OPENS", os.environ), read_keys("RULES", os.environ))

    async def work(rig: Rig) -> None:
        def bearer(key: str) -> dict[str, str]:
            return {"Authorization": f"Bearer {key}"}

        body = {"messages": [{"role": "user", "content": "?"}], "max_tokens": 2}
        for headers in ({}, bearer("third-key"), bearer(""), {"Authorization": "Basic first-key"}):
            told = await rig.post(CHAT, body, **headers)
            assert (told.status, told.code) == (401, "invalid_key")
        for key in ("first-key", "second-key"):
            assert (await rig.post(CHAT, body, **bearer(key))).status == 200
            assert (await rig.get("/admin/state", **bearer(key))).status == 401
        assert (await rig.get("/admin/state", **bearer("admin-key"))).status == 200
        assert (await rig.get("/v1/models", **bearer("admin-key"))).status == 401
        for open_to_all in ("/health", "/ready", "/metrics"):
            assert (await rig.get(open_to_all)).status == 200
        for path in ("/admin/state", "/metrics"):
            page = await rig.get(path, **bearer("admin-key"))
            assert b"-key" not in page.body

    behind(work, access=access)
    assert "first-key" not in repr(access)


def test_keys_that_are_not_there_and_doors_without_any() -> None:
    with pytest.raises(ParamsError, match="NOWHERE: holds no key"):
        read_keys("NOWHERE", {})
    with pytest.raises(ParamsError, match="EMPTY: holds no key"):
        read_keys("EMPTY", {"EMPTY": " , "})
    names = small_fleet().instance_names
    fleet = small_fleet().model_copy(
        update={"endpoints": {name: f"http://127.0.0.1:{i + 1}" for i, name in enumerate(names)}}
    )
    with pytest.raises(ParamsError, match=r"host 0\.0\.0\.0 is open to others"):
        make_gateway(fleet, host="0.0.0.0")
    make_gateway(fleet, host="0.0.0.0", access=Access(Keys(["key"])))
    with pytest.raises(ParamsError, match="endpoints: large-0 has none"):
        make_gateway(
            fleet.model_copy(update={"endpoints": dict(list(fleet.endpoints.items())[:2])})
        )


def test_an_address_that_is_taken_is_a_sentence() -> None:
    async def work(rig: Rig) -> None:
        fleet = small_fleet().model_copy(update={"endpoints": rig.emulator.urls})
        port = int(rig.gateway.url.rpartition(":")[2])
        with pytest.raises(EndpointError, match=f"cannot listen on 127.0.0.1:{port}"):
            async with make_gateway(fleet, port=port):
                pass

    behind(work)


def test_instances_that_are_down_at_first_are_not_waited_for() -> None:
    async def work(rig: Rig) -> None:
        down = rig.emulator.urls | {"small-0": "http://127.0.0.1:9"}
        fleet = small_fleet().model_copy(update={"endpoints": down})
        async with make_gateway(fleet, "turns") as gateway, aiohttp.ClientSession() as session:
            body = {"messages": [{"role": "user", "content": "?"}], "max_tokens": 2}
            for _ in range(4):
                async with session.post(gateway.url + CHAT, json=body) as response:
                    assert response.status == 200

    behind(work)
