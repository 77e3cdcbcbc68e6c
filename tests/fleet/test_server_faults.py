"""Declared faults as a client meets them."""

import asyncio
import json

import aiohttp
import pytest

from tests.fleet.serving import Client, events_of, serve, small_fleet

LONG = {"prompt": "go on", "max_tokens": 15_900, "ignore_eos": True}


def fault(kind: str, from_s: float = 0.0, to_s: float = 1e6, **more: float) -> dict[str, object]:
    return {"instance": "small-0", "kind": kind, "from_s": from_s, "to_s": to_s, **more}


def test_a_crash_resets_streams_and_the_instance_comes_back_empty() -> None:
    async def work(client: Client) -> None:
        with pytest.raises(aiohttp.ClientError):
            await client.stream("/v1/completions", **LONG)
        assert await client.get("/health") == (503, b"")
        status, said = await client.post("/v1/completions", prompt="a")
        assert (status, said["error"]["message"]) == (503, "instance small-0 is down")
        assert (await client.get("/metrics"))[0] == 503
        assert (await client.get("/health", "small-1"))[0] == 200
        while (await client.get("/health"))[0] == 503:
            await asyncio.sleep(0.01)
        assert await client.sample("vllm:kv_cache_usage_perc") == 0
        assert await client.sample("vllm:generation_tokens_total") == 0  # it is a new process
        status, _ = await client.post("/v1/completions", prompt="a", max_tokens=3)
        assert status == 200

    serve(work, small_fleet(fault("crash", 100.0, 150.0)))


def test_a_slow_instance_takes_its_factor_longer() -> None:
    async def work(client: Client) -> None:
        for instance in ("small-0", "small-1"):
            await client.post("/v1/completions", instance, prompt="a", max_tokens=10)
        slow, usual = [
            await client.sample("vllm:request_decode_time_seconds_sum", instance)
            for instance in ("small-0", "small-1")
        ]
        assert slow == pytest.approx(3 * usual)

    serve(work, small_fleet(fault("slow", factor=3.0)), output_tokens=1000.0)


def test_a_stalled_instance_answers_after_the_stall() -> None:
    async def work(client: Client) -> None:
        await client.post("/v1/completions", prompt="a", max_tokens=2)
        report = json.loads((await client.get("/emulator"))[1])
        assert report["engine_s"] >= 30

    serve(work, small_fleet(fault("stall", 0.0, 30.0)))


def test_a_share_of_requests_is_answered_with_500() -> None:
    async def answers(client: Client) -> list[int]:
        asked = [await client.post("/v1/completions", prompt="a") for _ in range(40)]
        return [status for status, _ in asked]

    runs: list[list[int]] = []

    async def work(client: Client) -> None:
        runs.append(await answers(client))

    for _ in range(2):
        serve(work, small_fleet(fault("error", share=0.5)), speed=1000.0)
    assert set(runs[0]) == {200, 500}
    assert runs[0] == runs[1]  # the seed decides which


def test_a_reset_comes_after_its_tokens() -> None:
    async def work(client: Client) -> None:
        body = LONG | {"stream": True}
        received = bytearray()

        async def read(response: aiohttp.ClientResponse) -> None:
            async for part in response.content.iter_any():
                received.extend(part)

        async with client.session.post(client.url("/v1/completions"), json=body) as response:
            with pytest.raises(aiohttp.ClientError):
                await read(response)
        assert received.count(b'"finish_reason":null') == 3
        assert b"[DONE]" not in received
        while await client.sample("vllm:num_requests_running"):
            await asyncio.sleep(0.01)
        assert await client.sample("vllm:kv_cache_usage_perc") == 0

    serve(work, small_fleet(fault("reset", share=1.0, tokens=3)), speed=1.0)


def test_a_reset_beyond_the_answer_changes_nothing() -> None:
    async def work(client: Client) -> None:
        stream = await client.stream("/v1/completions", prompt="a", max_tokens=3, ignore_eos=True)
        assert len(events_of(stream)) == 3

    serve(work, small_fleet(fault("reset", share=1.0, tokens=4)))
