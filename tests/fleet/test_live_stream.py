"""The live client's reading of a stream: bytes to events, events to token times."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from itertools import pairwise

import numpy as np
import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from pipeline.fleet.live._client import Answered, Client
from pipeline.fleet.live._plan import Spread, draw_lengths, draw_prompt, open_arrivals
from pipeline.fleet.live._reply import Reply, StreamError
from pipeline.fleet.live._sse import SseParser

STREAM = (
    b": keep-alive\n\n"
    b'data: {"choices":[{"text":"a"}]}\n\n'
    b'event: message\r\ndata:{"choices":[{"text":"\xc3\xa9"}]}\r\n\r\n'
    b"data: two\ndata: lines\n\n"
    b"data: [DONE]\n\n"
)
EVENTS = [
    b'{"choices":[{"text":"a"}]}',
    b'{"choices":[{"text":"\xc3\xa9"}]}',
    b"two\nlines",
    b"[DONE]",
]


def parsed(pieces: list[bytes]) -> list[bytes]:
    parser = SseParser()
    return [event for piece in pieces for event in parser.feed(piece)]


def test_events_survive_a_split_at_every_byte() -> None:
    assert parsed([STREAM]) == EVENTS
    for cut in range(len(STREAM) + 1):
        assert parsed([STREAM[:cut], STREAM[cut:]]) == EVENTS
    assert parsed([bytes([byte]) for byte in STREAM]) == EVENTS


@given(st.lists(st.integers(0, len(STREAM)), max_size=8))
def test_events_survive_any_split(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(STREAM)]
    assert parsed([STREAM[a:b] for a, b in pairwise(edges)]) == EVENTS


def test_an_unfinished_event_is_no_event() -> None:
    assert parsed([b'data: {"choices":[]}\n']) == []


def chunk(text: str, tokens: int | None = None) -> bytes:
    usage = None if tokens is None else {"prompt_tokens": 7, "completion_tokens": tokens}
    return json.dumps({"choices": [{"text": text}], "usage": usage}).encode()


def absorbed(*events: bytes) -> Reply:
    reply = Reply()
    for at, event in enumerate(events):
        reply.absorb(event, float(at))
    return reply


def test_tokens_are_counted_by_usage_where_events_carry_it() -> None:
    # The second event holds two tokens; the third brings one that is half a character.
    reply = absorbed(chunk("a", 1), chunk("bc", 3), chunk("", 4), b"[DONE]")
    assert (reply.times, reply.counts) == ([0.0, 1.0, 2.0], [1, 3, 4])
    assert (reply.prompt_tokens, reply.output_tokens, reply.finished) == (7, 4, True)


def test_without_usage_every_event_with_text_is_a_token() -> None:
    role = b'{"choices":[{"delta":{"role":"assistant","content":""}}]}'
    word = b'{"choices":[{"delta":{"content":"hi"}}]}'
    last = b'{"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":2}}'
    reply = absorbed(role, word, word, last)
    assert (reply.times, reply.counts) == ([1.0, 2.0], [1, 2])
    assert reply.output_tokens == 2


def test_a_chat_has_its_text_and_why_it_ended() -> None:
    role = b'{"choices":[{"delta":{"role":"assistant","content":""}}]}'
    words = [b'{"choices":[{"delta":{"content":"%s"}}]}' % word for word in (b"hi ", b"you")]
    end = b'{"choices":[{"delta":{},"finish_reason":"length"}]}'
    last = b'{"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":2}}'
    reply = absorbed(role, *words, end, last, b"[DONE]")
    assert (reply.text, reply.finish_reason) == ("hi you", "length")
    assert absorbed(chunk("a")).finish_reason is None


def test_the_last_usage_adds_no_token_that_was_counted() -> None:
    last = b'{"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":2}}'
    assert absorbed(chunk("a", 1), chunk("b", 2), last).counts == [1, 2]


@pytest.mark.parametrize(
    ("event", "says"),
    [
        (b"not json", "not JSON"),
        (b"[1]", "not a completion"),
        (b'{"error":{"message":"engine died"}}', "engine died"),
        (b'{"choices":[],"usage":{"prompt_tokens":1}}', "usage"),
        (b'{"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":Infinity}}', "usage"),
        (b'{"choices":"none"}', "not a completion"),
        (b'{"choices":[{"text":7}]}', "not a completion"),
    ],
)
def test_what_is_no_completion_is_refused(event: bytes, says: str) -> None:
    with pytest.raises(StreamError, match=says):
        Reply().absorb(event, 0.0)


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


async def served(
    routes: dict[str, Handler], use: Callable[[Client], Awaitable[object]], timeout_s: float = 5.0
) -> object:
    """Use a client of a server with these routes."""
    app = web.Application()
    for path, handler in routes.items():
        app.router.add_route("*", path, handler)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    try:
        async with Client(f"http://127.0.0.1:{port}/v1/", timeout_s) as client:
            return await use(client)
    finally:
        await runner.cleanup()


def streaming(*events: bytes, status: int = 200, hang: bool = False) -> Handler:
    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(status=status)
        await response.prepare(request)
        for event in events:
            await response.write(b"data: " + event + b"\n\n")
        if hang:
            await asyncio.sleep(10)
        return response

    return handler


def asked(handler: Handler, timeout_s: float = 5.0) -> Answered:
    async def use(client: Client) -> Answered:
        return await client.ask("m", "one two", 2)

    answered = asyncio.run(served({"/v1/completions": handler}, use, timeout_s))
    assert isinstance(answered, Answered)
    return answered


def test_a_stream_that_ends_well() -> None:
    answered = asked(streaming(chunk("a", 1), chunk("b", 2), b"[DONE]"))
    assert (answered.outcome, answered.reason) == ("ok", None)
    assert answered.sent <= answered.reply.times[0] <= answered.reply.times[-1]


@pytest.mark.parametrize(
    ("handler", "outcome", "says"),
    [
        (streaming(status=503), "refused", "503"),
        (streaming(chunk("a", 1)), "broken", "ended early"),
        (streaming(chunk("a"), b"[DONE]"), "broken", "no usage"),
        (streaming(b'{"error":{"message":"gone"}}'), "broken", "gone"),
    ],
)
def test_how_a_stream_can_end(handler: Handler, outcome: str, says: str) -> None:
    answered = asked(handler)
    assert answered.outcome == outcome
    assert says in str(answered.reason)


def test_an_answer_tells_how_http_fared() -> None:
    fine = asked(streaming(chunk("a", 1), b"[DONE]"))
    assert (fine.http, fine.reached, fine.retry_after) == (200, True, None)
    assert fine.reply.times[-1] <= fine.done

    async def busy(_: web.Request) -> web.Response:
        return web.Response(status=429, headers={"Retry-After": "7"})

    refused = asked(busy)
    assert (refused.outcome, refused.http, refused.retry_after) == ("refused", 429, "7")

    async def use() -> Answered:
        async with Client("http://127.0.0.1:9") as client:
            return await client.post("/v1/chat/completions", {})

    nobody = asyncio.run(use())
    assert (nobody.outcome, nobody.http, nobody.reached) == ("broken", None, False)


def test_a_silent_server_runs_into_the_time_limit() -> None:
    answered = asked(streaming(chunk("a", 1), hang=True), timeout_s=0.2)
    assert answered.outcome == "timeout"


def test_lengths_stay_in_their_ranges_and_spread() -> None:
    spread = Spread.within(2048)
    prompts, outputs = draw_lengths(spread, 4000, np.random.default_rng(0))
    for drawn, (low, high) in ((prompts, spread.prompt), (outputs, spread.output)):
        assert drawn.min() >= low
        assert drawn.max() <= high
        # Log-uniform: the geometric middle halves the draws.
        assert abs((drawn < np.sqrt(low * high)).mean() - 0.5) < 0.05


@pytest.mark.parametrize("context", [None, 32, 256, 131072])
def test_every_request_fits_the_context(context: int | None) -> None:
    spread = Spread.within(context)
    assert spread.prompt[0] < spread.prompt[1]
    if context is not None:
        assert spread.prompt[1] + spread.output[1] <= context


def test_prompts_share_no_first_word() -> None:
    rng = np.random.default_rng(0)
    prompts = [draw_prompt(64, 2.0, rng) for _ in range(200)]
    assert all(len(prompt.split()) == 32 for prompt in prompts)
    assert len({prompt[:9] for prompt in prompts}) == 200


def test_open_arrivals_have_their_rate() -> None:
    arrivals = open_arrivals(20.0, 500.0, np.random.default_rng(0))
    assert (np.diff(arrivals) >= 0).all()
    assert abs(len(arrivals) / 10_000 - 1) < 0.05
