"""The pure parts by hand: health, admission, retries, and events that arrive in any pieces."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.gateway._admission import Admission
from pipeline.gateway._health import Health, HealthRule, Ward
from pipeline.gateway._retry import UpstreamError, failure_of_status, may_retry, problem_of
from pipeline.gateway._sse import StreamWatch

RULE = HealthRule(failures=2, pause_s=1.0, longest_s=3.0)


def test_an_instance_is_out_after_failures_in_a_row_and_tried_once() -> None:
    one = Health().failed(10.0, 9.0, RULE)
    assert one.open(10.0)
    assert one.answered() == Health()
    out = one.failed(10.0, 9.0, RULE)
    assert (out.until, out.open(10.9), out.open(11.0)) == (11.0, False, True)
    trial = out.sent()
    assert not trial.open(11.0)
    assert trial.answered() == Health()
    assert trial.left(11.0).open(11.0)


def test_the_pause_doubles_up_to_the_longest() -> None:
    one, pauses, now = Health(), [], 0.0
    for _ in range(5):
        while one.open(now):
            one = one.sent().failed(now, now, RULE)
        assert one.until is not None
        pauses.append(one.until - now)
        now = one.until
    assert pauses == [1.0, 2.0, 3.0, 3.0, 3.0]


def test_requests_that_were_sent_before_it_was_out_do_not_lengthen_the_pause() -> None:
    out = Health().failed(0.0, 0.0, RULE).failed(0.0, 0.0, RULE)
    late = out.failed(0.5, 0.0, RULE).failed(0.6, 0.0, RULE)
    assert (late.until, late.pause_s) == (out.until, out.pause_s)
    assert late.answered() == Health()
    trial = late.sent()
    assert (trial.failed(1.5, 0.0, RULE).until, trial.left(0.0).open(1.5)) == (out.until, False)
    assert trial.failed(1.5, 1.2, RULE).until == 3.5


def test_a_ward_counts_evictions_and_trusts_the_telemetry_of_some() -> None:
    ward = Ward(3, RULE)
    heard = np.array([True, True, False])
    assert ward.open(heard, 0.0).tolist() == [True, True, False]
    assert ward.open(np.zeros(3, bool), 0.0).tolist() == [True, True, True]
    for _ in range(2):
        ward.failed(0, 0.0, 0.0)
    assert ward.open(heard, 0.0).tolist() == [False, True, False]
    assert ward.open(np.array([True, False, False]), 0.0).tolist() == [False, True, True]
    assert (ward.evictions, ward.back_in_s(0.0)) == ([1, 0, 0], 0.0)
    for i in (1, 2):
        for _ in range(2):
            ward.failed(i, 0.5, 0.0)
    assert ward.back_in_s(0.5) == 0.5
    assert not ward.open(heard, 0.5).any()


@given(st.lists(st.sampled_from(["sent", "answered", "failed", "left", "wait"]), max_size=60))
def test_nobody_stays_out_for_ever(events: list[str]) -> None:
    one, now = Health(), 0.0
    for event in events:
        if event == "wait":
            now += 1.0
        elif event == "failed":
            one = one.failed(now, now, RULE)
        elif event == "left":
            one = one.left(now)
        else:
            one = getattr(one, event)()
        assert one.until is None or one.until - now <= RULE.longest_s
        later = now + RULE.longest_s
        assert one.left(later).open(later)


def test_retry_after_is_the_queue_at_the_pace_of_the_last_ends() -> None:
    admission = Admission(2)
    assert [admission.admits(waiting) for waiting in (0, 1, 2)] == [True, True, False]
    assert admission.retry_after_s(5) == 5.0  # nobody has ended yet: a second each
    for end in (10.0, 10.5, 11.0, 11.5):
        admission.ended(end, 3)
    admission.ended(12.0, 0)
    admission.ended(4000.0, 5)  # nobody came for more than an hour
    assert admission.retry_after_s(8) == 4.0
    assert admission.retry_after_s(0) == 1.0
    assert admission.retry_after_s(10**6) == 60.0


def test_what_a_status_means() -> None:
    for status in (200, 400, 413, 422):
        assert failure_of_status(status) is None
    full = failure_of_status(429)
    assert full is not None
    assert not full.counts
    for status in (302, 401, 403, 404, 500, 502, 503):
        ill = failure_of_status(status)
        assert ill is not None
        assert ill.counts
    assert [may_retry(attempts, 3) for attempts in (1, 2, 3)] == [True, True, False]
    late = problem_of(UpstreamError("timeout", "nothing came for 3.0 s"), 2, "small-0")
    assert (late.status, late.code) == (504, "upstream_timeout")
    assert "2 instances were tried" in str(late)
    broken = problem_of(UpstreamError("broken", "the answer ended early"), 1, "small-0")
    assert broken.status == 502
    assert json.loads(broken.body)["error"]["type"] == "upstream_error"


def event(content: str | None, gap: str, **more: Any) -> str:
    choices = [] if content is None else [{"index": 0, "delta": {"content": content}}]
    return f"data: {json.dumps({'choices': choices} | more)}{gap}"


USAGE = {"usage": {"prompt_tokens": 7, "completion_tokens": 3}}
TEXTS = ["", "one", 'a "usage" and an "error"', "drei\n\n"]


@given(
    gap=st.sampled_from(["\n\n", "\r\n\r\n"]),
    keeps=st.booleans(),
    cuts=st.lists(st.integers(1, 40), min_size=1, max_size=40),
)
def test_events_are_passed_on_whole_however_they_arrive(
    gap: str, keeps: bool, cuts: list[int]
) -> None:
    told = [event(text, gap) for text in TEXTS]
    usage, done = event(None, gap, **USAGE), f"data: [DONE]{gap}"
    stream = "".join([f": ping{gap}", *told, usage, done]).encode()
    watch, out, place = StreamWatch(keeps_usage=keeps), b"", 0
    while place < len(stream):
        size = cuts[place % len(cuts)]
        passed = watch.feed(stream[place : place + size])
        assert not passed or passed.endswith(gap.encode())
        assert watch.opened or b"one" not in out
        out, place = out + passed, place + size
    kept = [f": ping{gap}", *told, *([usage] if keeps else []), done]
    assert out == "".join(kept).encode()
    assert (watch.finished, watch.error, watch.events) == (True, None, 3)
    assert (watch.prompt_tokens, watch.output_tokens, watch.tokens) == (7, 3, 3)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b'data: {"error": {"message": "no memory"}}\n\n', "no memory"),
        (b"data: {broken\n\n", "an event that is none of a completion"),
        (b'data: {"choices": 3}\n\n', "an event that is none of a completion"),
        (b"data: []\n\n", "an event that is none of a completion"),
        (b'data: {"choices": [], "usage": {"prompt_tokens": "x"}}\n\n', "an event that is none"),
    ],
)
def test_nothing_is_passed_on_from_an_error_on(data: bytes, said: str) -> None:
    good = event("one", "\n\n").encode()
    watch = StreamWatch(keeps_usage=True)
    assert watch.feed(good + data + good) == good if b"usage" in data or b"error" in data else True
    if watch.error is None:  # after the first content only marked events are read
        fresh = StreamWatch(keeps_usage=True)
        assert fresh.feed(data + good) == b""
        watch = fresh
    assert watch.error is not None
    assert said in watch.error


def test_a_tool_call_and_an_empty_answer_open_a_stream() -> None:
    for delta in ({"tool_calls": [{"index": 0}]}, {"reasoning_content": "so"}):
        watch = StreamWatch(keeps_usage=False)
        watch.feed(b'data: {"choices": [{"delta": {"role": "assistant", "content": ""}}]}\n\n')
        assert not watch.opened
        watch.feed(f"data: {json.dumps({'choices': [{'delta': delta}]})}\n\n".encode())
        assert (watch.opened, watch.events) == (True, 1)
    watch = StreamWatch(keeps_usage=False)
    watch.feed(b'data: {"choices": [{"delta": {}, "finish_reason": "stop"}]}\n\n')
    assert (watch.opened, watch.events) == (True, 0)


def test_the_event_that_only_says_why_it_ends_is_no_token() -> None:
    watch = StreamWatch(keeps_usage=False)
    for text, reason in (("one", None), ("two", None), ("", "stop")):
        choice = {"delta": {"content": text}, "finish_reason": reason}
        watch.feed(f"data: {json.dumps({'choices': [choice]})}\n\n".encode())
    watch.feed(b'data: {"choices":[{"delta":{"content":"3"},"finish_reason":"length"}]}\n\n')
    assert watch.tokens == 3
