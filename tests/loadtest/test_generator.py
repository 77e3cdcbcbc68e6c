"""Every call ends in exactly one result, whatever the server does, and in time."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from pipeline.errors import DataError, EndpointError
from pipeline.loadtest.generator import Call, Sent, Target, run_closed, run_open
from pipeline.loadtest.generator._exchange import Exchange
from pipeline.loadtest.generator._loops import send_at_times, send_by_users
from pipeline.params import ClosedParams
from pipeline.workload.arrivals import ClosedLoop
from tests.loadtest.scripted_server import HEAD, ScriptedServer, event, framed, reply, token

DONE = framed(b"data: [DONE]\n\n") + b"0\r\n\r\n"
KEY = "sk-secret-1234567890"
SLOW_S = 0.3


def call(number: int, at_s: float | None = 0.0, **body: Any) -> Call:
    return Call(number, at_s, json.dumps({"number": number, **body}).encode())


async def play(body: dict[str, Any], writer: asyncio.StreamWriter) -> None:
    """Do what the body of the call names."""
    await SCRIPTS[body.get("do", "answer")](writer)


async def answer(writer: asyncio.StreamWriter) -> None:
    stated = {"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 2}}
    writer.write(HEAD + framed(token("a") + token("b") + event(stated)) + DONE)


async def uncounted(writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD + framed(token("a")) + framed(token("b") + token("c")) + DONE)


async def slow(writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(SLOW_S)
    await answer(writer)


async def traced(writer: asyncio.StreamWriter) -> None:
    head = HEAD.replace(
        b"\r\n\r\n", b'\r\nx-routebalance-trace: {"arm": "a", "batch_size": 3}\r\n\r\n'
    )
    writer.write(head + framed(token("a")) + DONE)


async def untraceable(writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD.replace(b"\r\n\r\n", b"\r\nx-routebalance-trace: {half\r\n\r\n"))
    writer.write(framed(token("a")) + DONE)


async def hang(writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(60)


async def hang_midway(writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD + framed(token("a")))
    await asyncio.sleep(60)


async def reset(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def reset_midway(writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD + framed(token("a")) + b"40\r\nhalf a ch")
    await writer.drain()
    await asyncio.sleep(0.02)
    writer.transport.abort()


async def end_early(writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD + framed(token("a")) + b"0\r\n\r\n")


async def error_midway(writer: asyncio.StreamWriter) -> None:
    said = event({"error": {"message": "upstream gone", "code": 502}})
    writer.write(HEAD + framed(token("a")) + framed(said) + b"0\r\n\r\n")


async def noise(writer: asyncio.StreamWriter) -> None:
    writer.write(b"\x00\xff not http at all\r\n\r\n")


async def html(writer: asyncio.StreamWriter) -> None:
    writer.write(reply("200 OK", "<html>welcome</html>", "Content-Type: text/html\r\n"))


async def document(writer: asyncio.StreamWriter) -> None:
    body = {
        "choices": [{"message": {"content": "whole"}}],
        "usage": {"prompt_tokens": 4, "completion_tokens": 1},
    }
    writer.write(reply("200 OK", json.dumps(body), "Content-Type: application/json\r\n"))


async def overloaded(writer: asyncio.StreamWriter) -> None:
    said = json.dumps({"error": {"message": "the queue is full", "code": "overloaded"}})
    writer.write(reply("429 Too Many Requests", said, "Content-Type: application/json\r\n"))


async def draining(writer: asyncio.StreamWriter) -> None:
    writer.write(reply("503 Service Unavailable", "no", "Content-Type: text/plain\r\n"))


async def broken(writer: asyncio.StreamWriter) -> None:
    writer.write(reply("500 Internal Server Error", "<h1>oops</h1>", "Content-Type: text/html\r\n"))


async def moved(writer: asyncio.StreamWriter) -> None:
    writer.write(reply("307 Temporary Redirect", "", "Location: /elsewhere\r\n"))


async def wrong_key(writer: asyncio.StreamWriter) -> None:
    said = json.dumps({"error": {"message": f"incorrect key {KEY} provided"}})
    writer.write(reply("401 Unauthorized", said, "Content-Type: application/json\r\n"))


SCRIPTS = {
    script.__name__: script
    for script in (
        answer, uncounted, slow, traced, untraceable, hang, hang_midway, reset, reset_midway,
        end_early, error_midway, noise, html, document, overloaded, draining, broken, moved,
        wrong_key,
    )
}  # fmt: skip


def closed_loop(users: int) -> ClosedLoop:
    """Users who think for 10 ms."""
    params = ClosedParams(users=users, think_s=0.01, think="constant")
    return ClosedLoop(params, np.random.default_rng(1))


def drive(
    url: str, calls: Sequence[Call], timeout_s: float = 10.0, users: int = 0, **keep: bool
) -> list[Sent]:
    """Send calls from one loop, by so many users or at their times; in order of numbers."""

    async def run() -> list[Sent]:
        results: list[Sent] = []
        target = Target(url, headers={"Authorization": f"Bearer {KEY}"}, timeout_s=timeout_s)
        texts, times = keep.get("texts", False), keep.get("times", False)
        began = asyncio.get_running_loop().time()
        async with Exchange(target, began, texts, times) as exchange:
            if users:
                thinking = closed_loop(users)
                await send_by_users(exchange, calls, range(users), thinking, results.append)
            else:
                await send_at_times(exchange, calls, results.append)
        return results

    ended = asyncio.run(asyncio.wait_for(run(), 60))
    assert sorted(sent.number for sent in ended) == [one.number for one in calls]
    return sorted(ended, key=lambda sent: sent.number)


def test_an_answer_is_timed_and_counted() -> None:
    with ScriptedServer(play) as server:
        sent, uncounted = drive(
            server.url, [call(0, do="slow"), call(1, do="uncounted")], texts=True, times=True
        )
    assert (sent.outcome, sent.http, sent.reason, sent.text) == ("ok", 200, None, "ab")
    assert (sent.tokens, sent.prompt_tokens, sent.trace) == (2, 9, None)
    assert sent.first_byte is not None
    assert sent.first_token is not None
    assert sent.last_token is not None
    assert sent.issued + SLOW_S <= sent.first_byte <= sent.first_token
    assert sent.first_token <= sent.last_token <= sent.done
    assert sent.token_s is not None
    assert sent.token_s.tolist() == [sent.first_token, sent.last_token]
    assert (uncounted.tokens, uncounted.prompt_tokens, uncounted.text) == (3, None, "abc")


def test_texts_and_times_are_kept_on_request_only() -> None:
    with ScriptedServer(play) as server:
        (sent,) = drive(server.url, [call(0)])
    assert (sent.text, sent.token_s, sent.tokens) == (None, None, 2)


@pytest.mark.parametrize(
    ("do", "outcome", "http", "reason", "tokens"),
    [
        ("hang", "timeout", None, "no end within 0.4 s", 0),
        ("hang_midway", "timeout", 200, "no end within 0.4 s", 1),
        ("reset", "failed", None, "", 0),
        ("reset_midway", "failed", 200, "", 1),
        ("end_early", "failed", 200, "the stream ended early", 1),
        ("error_midway", "failed", 200, "upstream gone", 1),
        ("noise", "failed", None, "", 0),
        ("html", "failed", 200, "not JSON", None),
        ("document", "ok", 200, None, 1),
        ("overloaded", "refused", 429, "HTTP 429: the queue is full", None),
        ("draining", "refused", 503, "HTTP 503", None),
        ("broken", "failed", 500, "HTTP 500", None),
        ("moved", "failed", 307, "HTTP 307", None),
    ],
)
def test_every_fault_ends_in_one_result(
    do: str, outcome: str, http: int | None, reason: str | None, tokens: int | None
) -> None:
    with ScriptedServer(play) as server:
        calls = [call(0), call(1, do=do), call(2)]
        before, sent, after = drive(server.url, calls, timeout_s=0.4)
    assert (sent.outcome, sent.http, sent.tokens) == (outcome, http, tokens)
    assert reason == sent.reason if reason is None else reason in str(sent.reason)
    assert (sent.first_token is not None) == (tokens == 1 and do != "document")
    assert sent.done >= sent.issued
    assert (before.outcome, after.outcome) == ("ok", "ok")


def test_nobody_listens() -> None:
    with ScriptedServer(play) as server:
        url = server.url
    (sent,) = drive(url, [call(0)])
    assert (sent.outcome, sent.http, sent.first_byte) == ("failed", None, None)
    assert sent.reason


def test_a_decision_trace_is_read() -> None:
    with ScriptedServer(play) as server:
        sent, bad = drive(server.url, [call(0, do="traced"), call(1, do="untraceable")])
    assert sent.trace == {"arm": "a", "batch_size": 3}
    assert (bad.trace, bad.outcome) == (None, "ok")


def test_a_key_is_sent_and_never_shown() -> None:
    with ScriptedServer(play) as server:
        (sent,) = drive(server.url, [call(0, do="wrong_key")])
    assert f"Authorization: Bearer {KEY}" in server.heads[0]
    assert sent.reason == "HTTP 401: incorrect key *** provided"
    assert KEY not in repr(Target("http://x:1", headers={"Authorization": KEY}))


def test_an_open_loop_waits_for_nobody() -> None:
    async def when_all_are_there(body: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        while len(server.heads) < 20:
            await asyncio.sleep(0.01)
        await answer(writer)

    calls = [call(i, at_s=0.01 * i) for i in range(20)]
    with ScriptedServer(when_all_are_there) as server:
        ended = drive(server.url, calls)
    assert {sent.outcome for sent in ended} == {"ok"}
    assert [sent.scheduled for sent in ended] == [one.at_s for one in calls]
    assert all(sent.issued >= sent.scheduled for sent in ended)


def test_connections_are_used_again() -> None:
    with ScriptedServer(play) as server:
        ended = drive(server.url, [call(i) for i in range(30)], users=2)
    assert {sent.outcome for sent in ended} == {"ok"}
    assert server.connections <= 2
    assert len(server.heads) == 30


def test_a_user_sends_after_the_end_of_his_last_and_some_thought() -> None:
    with ScriptedServer(play) as server:
        ended = drive(server.url, [call(i, None) for i in range(12)], users=3)
    ends = sorted(sent.done for sent in ended)
    # Whoever sent the k-th after the first three had seen an answer and thought for 10 ms.
    for nth, sent in enumerate(sorted(ended, key=lambda sent: sent.scheduled)[3:]):
        assert sent.scheduled == pytest.approx(ends[nth] + 0.01)
    assert server.connections <= 3


def test_more_users_than_calls() -> None:
    with ScriptedServer(play) as server:
        assert len(drive(server.url, [call(0, None)], users=4)) == 1


def test_calls_without_an_order_of_times_are_refused() -> None:
    with pytest.raises(DataError, match="each needs one, in order"):
        run_open([call(0, 1.0), call(1, 0.5)], Target("http://x:1"))
    with pytest.raises(DataError, match="each needs one, in order"):
        run_open([call(0, None)], Target("http://x:1"))
    with pytest.raises(EndpointError):
        run_open([call(0, 1.0)], Target("nowhere"))
    with pytest.raises(DataError, match="needs at least one user"):
        run_closed([call(0, None)], 0, closed_loop(1), Target("http://x:1"))
