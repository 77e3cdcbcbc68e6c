"""The gateway over sockets: what is passed on, what is asked, and what is refused."""

import asyncio
import json
import re
from typing import Any

import pytest

from pipeline.gateway import Settings
from tests.gateway.gateway_rig import CHAT, Rig, behind, sse

_UNLIKE = re.compile(rb'"id":"[^"]*"|"created":\d+')


def plain(stream: bytes) -> bytes:
    """A stream without what differs between two answers to one question."""
    return _UNLIKE.sub(b"", stream)


def body_of(**more: Any) -> dict[str, Any]:
    turn = {"role": "user", "content": "Name a river."}
    return {"model": "emu-large", "messages": [turn], "max_tokens": 12} | more


@pytest.mark.parametrize("wants_usage", [True, False])
def test_a_stream_is_passed_on_as_the_instance_sends_it(wants_usage: bool) -> None:
    options = {"stream_options": {"include_usage": True}} if wants_usage else {}

    async def work(rig: Rig) -> None:
        asked = body_of(stream=True, **options)
        told = await rig.post(CHAT, asked)
        own = await rig.direct("large-0", **asked)
        assert told.status == 200
        assert told.headers["Content-Type"] == "text/event-stream; charset=utf-8"
        assert plain(told.body) == plain(own)
        assert (b'"usage"' in told.body) == wants_usage
        assert sse(told.body)[-1] == b"[DONE]"

    behind(work)


def test_a_whole_answer_is_passed_on_as_the_instance_sends_it() -> None:
    async def work(rig: Rig) -> None:
        told = await rig.post(CHAT, body_of())
        assert plain(told.body) == plain(await rig.direct("large-0", **body_of()))
        completion = await rig.post("/v1/completions", {"prompt": "Name a river.", "max_tokens": 3})
        assert completion.json["object"] == "text_completion"
        assert completion.json["usage"]["completion_tokens"] == 3

    behind(work)


def test_the_body_is_passed_on_with_the_model_and_without_the_block() -> None:
    async def work(rig: Rig) -> None:
        # An emulated instance refuses what it cannot do, so it has seen the key.
        told = await rig.post(CHAT, body_of(logprobs=True))
        assert told.status == 400
        assert "logprobs is not accepted by an emulated instance" in told.json["error"]["message"]
        with_block = body_of(model="emu-small", routebalance={"trace": None})
        assert (await rig.post(CHAT, with_block)).json["model"] == "emu-small"

    behind(work)


def test_a_named_model_pins_the_choice_and_auto_leaves_it() -> None:
    async def work(rig: Rig) -> None:
        for model in ("emu-small", "emu-large") * 3:
            assert (await rig.chat(model=model)).json["model"] == model
        free = {(await rig.chat()).json["model"] for _ in range(6)}
        assert free == {"emu-small", "emu-large"}
        listed = (await rig.get("/v1/models")).json["data"]
        assert [card["id"] for card in listed] == ["auto", "emu-small", "emu-large"]

    behind(work, arm="turns")


def test_an_arm_that_wants_another_model_obeys_the_client() -> None:
    async def work(rig: Rig) -> None:
        assert (await rig.chat()).json["model"] == "emu-large"
        assert (await rig.chat(model="emu-small")).json["model"] == "emu-small"

    behind(work, arm="large")


@pytest.mark.parametrize(
    ("body", "status", "code", "said"),
    [
        (b"{", 400, "invalid_json", "not JSON"),
        (b"[1]", 400, "invalid_json", "an object is accepted"),
        (b"[" * 100_000, 400, "invalid_json", "too deep"),
        (b'{"messages": NaN}', 400, "invalid_json", "NaN is not a number"),
        (b'"\xff"', 400, "invalid_json", "not JSON"),
        (b"{}", 400, "invalid_body", "messages is missing"),
        (b'{"messages": []}', 400, "invalid_body", "messages"),
        (b'{"messages": [{"content": "x"}]}', 400, "invalid_body", "messages.0.role is missing"),
        (body_of(max_tokens=0), 400, "invalid_body", "max_tokens"),
        (body_of(stream="yes"), 400, "invalid_body", "stream"),
        (body_of(model="emu-smal"), 404, "model_not_found", "did you mean 'emu-small'?"),
        (
            body_of(routebalance={"budget": 1}),
            400,
            "invalid_body",
            "unknown key 'budget'; did you mean 'budget_usd'?",
        ),
        (body_of(routebalance={"ttft_slo_s": -1}), 400, "invalid_body", "ttft_slo_s"),
        (body_of(routebalance={"quality_floor": 1.5}), 400, "invalid_body", "quality_floor"),
        (body_of(messages=[{"role": "user", "content": "x" * 5000}]), 413, "too_long", "too long"),
    ],
)
def test_a_bad_request_is_one_sentence(body: Any, status: int, code: str, said: str) -> None:
    async def work(rig: Rig) -> None:
        told = await rig.post(CHAT, body)
        assert (told.status, told.code) == (status, code)
        assert said in told.json["error"]["message"]
        assert set(told.json["error"]) == {"message", "type", "param", "code"}

    most = 4000 if status == 413 else 200_000
    behind(work, settings=Settings(max_body=most))


def test_paths_and_methods_that_are_not_there() -> None:
    async def work(rig: Rig) -> None:
        lost = await rig.post("/v1/chat/completion", body_of())
        assert (lost.status, lost.code) == (404, "unknown_path")
        assert "did you mean '/v1/chat/completions'?" in lost.json["error"]["message"]
        wrong = await rig.get(CHAT)
        assert (wrong.status, wrong.code) == (405, "unknown_method")
        assert (await rig.get("/health")).json == {"status": "up"}
        assert (await rig.get("/ready")).json == {"status": "ready"}

    behind(work)


def test_an_old_client_gets_its_stream() -> None:
    async def work(rig: Rig) -> None:
        host, port = rig.gateway.url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        raw = json.dumps(body_of(stream=True)).encode()
        head = b"POST /v1/chat/completions HTTP/1.0\r\nContent-Length: %d\r\n\r\n" % len(raw)
        writer.write(head + raw)
        told = await reader.read()
        writer.close()
        await writer.wait_closed()
        assert b" 200 " in told.split(b"\r\n")[0]
        assert told.endswith(b"data: [DONE]\n\n")

    behind(work)


def test_what_a_request_asks_for_decides_or_refuses() -> None:
    async def work(rig: Rig) -> None:
        easy = {"ttft_slo_s": 100.0, "budget_usd": 1.0, "quality_floor": 0.0, "trace": True}
        told = await rig.chat(routebalance=easy)
        assert told.status == 200
        assert told.trace["relaxations"] == 0
        hard = await rig.chat(routebalance={"tpot_slo_s": 1e-6, "trace": True})
        assert (hard.status, hard.code) == (429, "no_instance_meets_objectives")
        assert int(hard.headers["Retry-After"]) >= 1
        assert hard.trace["attempts"] == 0
        assert "instance" not in hard.trace

    behind(work, arm="strict")


def test_a_budget_limits_what_is_asked_for() -> None:
    async def work(rig: Rig) -> None:
        # 0.1 USD per million tokens: after the 3 of the prompt, 4 of the answer are affordable.
        budget = {"budget_usd": 7.5e-7}
        told = await rig.chat("How many?", max_tokens=50, routebalance=budget)
        assert told.json["usage"]["completion_tokens"] == 4
        free = await rig.chat("How many?", max_tokens=50)
        assert free.json["usage"]["completion_tokens"] == 50
        key = {"max_completion_tokens": 50, "max_tokens": None}
        assert (await rig.chat("How many?", routebalance=budget, **key)).json["usage"][
            "completion_tokens"
        ] == 4

    behind(work, arm="clamped", served={"output_tokens": 500})


def test_a_budget_ends_a_stream_as_a_limit_does() -> None:
    async def work(rig: Rig) -> None:
        asked = {"max_tokens": 400, "routebalance": {"budget_usd": 2e-6}}
        usage = {"stream_options": {"include_usage": True}}
        told = await rig.chat(stream=True, **asked, **usage)
        *events, last, used, done = sse(told.body)
        assert done == b"[DONE]"
        assert json.loads(last)["choices"][0]["finish_reason"] == "length"
        tokens = json.loads(used)["usage"]["completion_tokens"]
        assert 17 <= tokens < 100
        assert len(events) - 1 == tokens  # one event is the role
        whole = await rig.chat(**asked)
        assert whole.json["usage"]["completion_tokens"] == 17

    behind(work, arm="stopped", served={"output_tokens": 500, "speed": 2.0})
