"""The HTTP surface: framing, counts, refusals, cancellation and the speed of time."""

import asyncio
import json
import time

import aiohttp
import pytest

from pipeline.errors import EndpointError, ParamsError
from pipeline.fleet.server import Emulator, Recorded, Settings
from tests.fleet.serving import Client, events_of, serve, small_fleet

SAID = {"emu-small": {"two?": Recorded('It is "two".\n', None)}}


def test_a_stream_is_framed_as_chunks_of_events() -> None:
    async def work(client: Client) -> None:
        host, port = client.urls["small-0"].removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        body = json.dumps({"prompt": "two?", "stream": True, "max_tokens": 2}).encode()
        head = b"POST /v1/completions HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n"
        for _ in range(2):  # the connection stays open for the next request
            writer.write(head % len(body) + body)
            headers = await reader.readuntil(b"\r\n\r\n")
            assert b"Transfer-Encoding: chunked\r\n" in headers
            stream = b""
            while size := int(await reader.readline(), 16):
                chunk = await reader.readexactly(size + 2)
                assert chunk.endswith(b"\n\n\r\n")  # no event is cut in two
                stream += chunk[:-2]
            assert await reader.readline() == b"\r\n"
            assert [event["choices"][0]["text"] for event in events_of(stream)] == ["It", " is"]
        writer.close()

    serve(work, recorded=SAID)


def test_usage_equals_what_the_engine_counted() -> None:
    async def work(client: Client) -> None:
        question = [{"role": "user", "content": "two?"}]
        stream = await client.stream(
            "/v1/chat/completions", messages=question, stream_options={"include_usage": True}
        )
        *chunks, last = events_of(stream)
        said = [chunk["choices"][0]["delta"]["content"] for chunk in chunks]
        assert "".join(said) == 'It is "two".\n'
        assert chunks[0]["choices"][0]["delta"] == {"role": "assistant", "content": ""}
        assert chunks[-1]["choices"][0]["finish_reason"] == "stop"
        assert last["choices"] == []
        usage = last["usage"]
        assert usage["completion_tokens"] == len(said) - 1
        _, counted = await client.post("/tokenize", messages=question)
        assert usage["prompt_tokens"] == counted["count"]
        assert await client.sample("vllm:prompt_tokens_total") == usage["prompt_tokens"]
        assert await client.sample("vllm:generation_tokens_total") == usage["completion_tokens"]

    serve(work, recorded=SAID)


def test_an_answer_that_is_not_streamed() -> None:
    async def work(client: Client) -> None:
        status, said = await client.post("/v1/completions", prompt=["two?"], max_tokens=100)
        assert status == 200
        assert said["choices"][0]["text"] == 'It is "two".\n'
        assert said["system_fingerprint"] == "emulated-recorded"
        _, other = await client.post("/v1/completions", prompt="unheard of", max_tokens=100)
        assert other["system_fingerprint"] == "emulated-generated"
        _, ids = await client.post("/tokenize", prompt="two?")
        _, same = await client.post("/v1/completions", prompt=ids["tokens"], max_tokens=100)
        assert same["choices"] == said["choices"]
        _, report = await client.get("/emulator")
        assert json.loads(report)["replies"] == {"recorded": 2, "generated": 1}

    serve(work, recorded=SAID)


def test_sixteen_tokens_where_a_completion_names_no_limit() -> None:
    async def work(client: Client) -> None:
        _, said = await client.post("/v1/completions", prompt="go", ignore_eos=True)
        assert said["usage"]["completion_tokens"] == 16
        assert said["choices"][0]["finish_reason"] == "length"

    serve(work)


def test_what_the_server_says_of_itself() -> None:
    async def work(client: Client) -> None:
        assert await client.get("/health") == (200, b"")
        assert await client.get("/ping") == (200, b"")
        assert json.loads((await client.get("/version"))[1])["version"].endswith("+emulated")
        assert json.loads((await client.get("/load"))[1]) == {"server_load": 0}
        (card,) = json.loads((await client.get("/v1/models", "large-0"))[1])["data"]
        assert (card["id"], card["max_model_len"]) == ("emu-large", 16_000)  # its KV cache
        _, said = await client.post("/detokenize", tokens=[0x01_61_62, 0x01_63])
        assert said == {"prompt": "abc"}

    serve(work)


@pytest.mark.parametrize(
    ("body", "status", "sentence"),
    [
        ({}, 400, "prompt: field required"),
        ({"prompt": ""}, 400, "prompt is empty"),
        ({"prompt": []}, 400, "prompt is empty"),
        ({"prompt": ["a", "b"]}, 400, "prompt holds 2 prompts; one is accepted"),
        ({"prompt": [3, -1]}, 400, "token id -1"),
        ({"prompt": "a", "n": 2}, 400, "n: input should be 1"),
        ({"prompt": "a", "max_tokens": 0}, 400, "max_tokens: input should be greater"),
        ({"prompt": "a", "min_tokens": 17}, 400, "min_tokens is above max_tokens"),
        ({"prompt": "a", "stop": ["."]}, 400, "stop is not accepted"),
        ({"prompt": "a", "stream_options": {}}, 400, "stream_options goes with stream"),
        ({"prompt": "a", "max_tokens": 16_000}, 400, "16000 are accepted in all"),
        ({"prompt": "a", "model": "emu-smal"}, 404, "did you mean 'emu-small'?"),
    ],
)
def test_refusals_are_one_sentence_in_openai_form(
    body: dict[str, object], status: int, sentence: str
) -> None:
    async def work(client: Client) -> None:
        answered, said = await client.post("/v1/completions", **body)
        assert answered == status
        assert sentence in said["error"]["message"]
        assert (said["error"]["code"], said["error"]["param"]) == (status, None)

    serve(work)


def test_a_body_that_is_not_json() -> None:
    async def work(client: Client) -> None:
        for body in (b"", b"{", b"\xff"):
            url = client.url("/v1/chat/completions")
            async with client.session.post(url, data=body) as response:
                assert response.status == 400
                assert "not JSON" in (await response.json())["error"]["message"]

    serve(work)


def test_a_stream_needs_http_1_1() -> None:
    async def work(client: Client) -> None:
        url, body = client.url("/v1/completions"), {"prompt": "a", "stream": True}
        old = aiohttp.ClientSession(version=aiohttp.HttpVersion10)
        async with old as session, session.post(url, json=body) as response:
            assert response.status == 400
            assert "HTTP/1.1" in (await response.json())["error"]["message"]

    serve(work)


def test_a_client_that_leaves_frees_its_blocks() -> None:
    async def work(client: Client) -> None:
        body = {"prompt": "go on", "max_tokens": 9000, "ignore_eos": True, "stream": True}
        async with client.session.post(client.url("/v1/completions"), json=body) as response:
            await response.content.readany()
            assert await client.sample("vllm:num_requests_running") == 1
            assert await client.sample("vllm:kv_cache_usage_perc") > 0
            response.close()
        while await client.sample("vllm:num_requests_running"):
            await asyncio.sleep(0.01)
        assert await client.sample("vllm:kv_cache_usage_perc") == 0
        assert await client.sample("vllm:request_success_total", finished_reason="abort") == 1
        assert await client.sample("vllm:request_success_total", finished_reason="length") == 0

    serve(work, speed=1.0)


def test_time_is_compressed_by_the_stated_factor() -> None:
    async def work(client: Client) -> None:
        began = time.monotonic()
        await client.post("/v1/completions", prompt="a", max_tokens=200, ignore_eos=True)
        # 200 iterations of 10 ms at twenty times the speed; it is never early.
        assert time.monotonic() - began >= 0.1 - 0.001
        assert await client.sample("vllm:e2e_request_latency_seconds_sum") == pytest.approx(0.1)
        _, report = await client.get("/emulator")
        assert json.loads(report)["speed"] == 20

    serve(work, speed=20.0)


def test_a_full_queue_is_answered_with_503() -> None:
    async def work(client: Client) -> None:
        asks = (client.post("/v1/completions", prompt="a") for _ in range(4))
        answered = [status for status, _ in await asyncio.gather(*asks)]
        assert sorted(answered) == [200, 200, 503, 503]
        assert await client.sample("vllm:admission_rejections_total") == 2

    # Nothing moves before all four are there, so all wait.
    stall = {"instance": "small-0", "kind": "stall", "from_s": 0.0, "to_s": 100.0}
    serve(work, small_fleet(stall), max_queued=2)


def test_equal_prompts_share_blocks_when_asked_for() -> None:
    async def work(client: Client) -> None:
        for _ in range(2):
            await client.post("/v1/completions", prompt=list(range(300, 350)), max_tokens=1)
        assert await client.sample("vllm:prefix_cache_queries_total") == 100
        assert await client.sample("vllm:prefix_cache_hits_total") == 48

    serve(work, prefix_caching=True)


def test_a_port_that_is_taken_ends_in_a_sentence() -> None:
    async def run() -> None:
        async with Emulator(small_fleet(), Settings(), "127.0.0.1", 0) as first:
            port = int(first.urls["small-0"].rpartition(":")[2])
            with pytest.raises(EndpointError, match=r"small-0 cannot listen on 127.0.0.1:\d+ \("):
                async with Emulator(small_fleet(), Settings(), "127.0.0.1", port):
                    pass

    asyncio.run(run())


def test_an_instance_is_served_at_its_endpoint() -> None:
    async def run() -> None:
        async with Emulator(small_fleet(), Settings(), "127.0.0.1", 0) as first:
            url = first.urls["small-1"]
        fleet = small_fleet().model_copy(update={"endpoints": {"small-1": url}})
        async with Emulator(fleet, Settings(), "127.0.0.1", 0) as again:
            assert again.urls["small-1"] == url
            async with aiohttp.ClientSession() as session, session.get(url + "/health") as said:
                assert said.status == 200

    asyncio.run(run())


def test_an_endpoint_that_cannot_be_served() -> None:
    fleet = small_fleet().model_copy(update={"endpoints": {"small-1": "https://far.example"}})
    with pytest.raises(ParamsError, match="http://HOST:PORT is accepted"):
        Emulator(fleet, Settings(), "127.0.0.1", 0)
