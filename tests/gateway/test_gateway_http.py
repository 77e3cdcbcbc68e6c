"""The gateway over sockets: what is passed on, what is asked, and what is refused."""

import re
from typing import Any

import pytest

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
