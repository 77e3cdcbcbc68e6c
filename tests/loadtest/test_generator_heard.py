"""What an answer says does not depend on how its bytes were cut, nor on what is decoded."""

import json
from itertools import accumulate, pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.loadtest.generator._heard import Heard, hear_document, hear_stream
from tests.loadtest.scripted_server import event, token

DONE = b"data: [DONE]\n\n"
ROLE = event({"choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}}]})


def usage(prompt: object, completion: object) -> bytes:
    stated = {"prompt_tokens": prompt, "completion_tokens": completion}
    return event({"choices": [], "usage": stated})


def hear(*events: bytes, **keep: bool) -> Heard:
    """Events that came at 0, 1, 2, ... s."""
    return hear_stream([(float(i), data) for i, data in enumerate(events)], **keep)


def test_the_first_token_is_the_first_event_with_text() -> None:
    heard = hear(ROLE, token(None), token(" a"), token("b"), token(""), usage(7, 2), DONE)
    assert heard == Heard(first_token=2.0, last_token=3.0, tokens=2, prompt_tokens=7)


def test_a_completion_that_is_no_chat_carries_text() -> None:
    texts = [event({"choices": [{"text": text}]}) for text in ("", "a", "b")]
    heard = hear(*texts, DONE, keep_text=True, keep_times=True)
    assert (heard.text, heard.times, heard.tokens, heard.error) == ("ab", [1.0, 2.0], 2, None)


def test_tokens_are_counted_where_the_server_states_none() -> None:
    assert hear(ROLE, token("a"), token("b"), token("c"), DONE).tokens == 3
    assert hear(token("a"), usage(None, 5), DONE).tokens == 1
    assert hear(token("two tokens"), usage(3, 2), DONE).tokens == 2


def test_usage_on_every_event_counts_up_to_the_last() -> None:
    events = [
        event(
            {
                "choices": [{"delta": {"content": "a"}}],
                "usage": {"prompt_tokens": 4, "completion_tokens": n},
            }
        )
        for n in (1, 3, 6)
    ]
    assert hear(*events, DONE).tokens == 6
    assert hear(*events, DONE, keep_times=True).tokens == 6


@pytest.mark.parametrize("keep", [False, True])
@pytest.mark.parametrize(
    ("events", "error", "tokens"),
    [
        ([token("a"), token("b")], "the stream ended early", 2),
        ([], "the stream ended early", 0),
        ([token("a"), event({"error": {"message": "out of memory"}})], "out of memory", 1),
        ([event({"error": "no"}), DONE], "no", 0),
        ([token("a"), event({"error": {}}), token("b"), usage(1, 2), DONE],
         "the server sent an error without a message", 1),
        ([token("a"), b"data: {half\n\n", DONE], "the server sent what is not JSON", 1),
        ([b"data: 7\n\n", DONE], "the server sent JSON that is no completion", 0),
    ],
)  # fmt: skip
def test_what_broke_is_told_and_what_came_is_counted(
    events: list[bytes], error: str, tokens: int, keep: bool
) -> None:
    heard = hear(*events, keep_times=keep)
    assert (heard.error, heard.tokens) == (error, tokens)


@pytest.mark.parametrize(
    "odd",
    [
        {"choices": None},
        {"choices": [None]},
        {"choices": {}},
        {"choices": [{"delta": None, "text": 5}]},
        {"choices": [{"delta": {"content": [1]}}]},
        {"choices": [], "usage": 3},
        {},
    ],
)
def test_odd_events_are_events_without_text(odd: dict[str, Any]) -> None:
    heard = hear(event(odd), token("a"), usage(1, 1), DONE)
    assert (heard.first_token, heard.tokens, heard.error) == (1.0, 1, None)


def test_text_that_looks_like_an_event_is_text() -> None:
    tricky = 'data: [DONE]\n\ndata: {"error": {"message": "no"}} "content":"x" \r\n é \U0001f600'
    heard = hear(token(tricky), token(""), usage(1, 9), DONE, keep_text=True)
    assert (heard.text, heard.error, heard.tokens) == (tricky, None, 9)
    assert hear(token(tricky), usage(1, 9), DONE).last_token == 0.0


def test_an_answer_in_one_piece() -> None:
    body = {
        "choices": [{"message": {"content": "hello"}}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 2},
    }
    heard = hear_document(json.dumps(body).encode(), keep_text=True)
    assert heard == Heard(tokens=2, prompt_tokens=3, text="hello")
    del body["usage"]
    assert hear_document(json.dumps(body).encode()).tokens is None
    assert hear_document(b"<html>").error == "the server sent what is not JSON"


texts = st.one_of(st.none(), st.text(max_size=6), st.sampled_from(['"error"', "\n\ndata: x", "é"]))
streams = st.lists(
    st.one_of(
        st.builds(token, texts),
        st.builds(usage, st.integers(0, 9), st.integers(0, 9)),
        st.just(ROLE),
        st.just(b": a comment\n\n"),
        st.just(event({"error": {"message": "broken"}})),
    ),
    max_size=8,
)


def slow(events: list[bytes]) -> tuple[list[float], int | None, str | None]:
    """Times of texts, tokens as stated last, and the error; every event decoded, in order."""
    times: list[float] = []
    stated = None
    for at, data in enumerate(events):
        if data.startswith(b":"):
            continue
        body = json.loads(data[len(b"data: ") :])
        if "error" in body:
            return times, stated, "broken"
        stated = body.get("usage", {}).get("completion_tokens", stated)
        if body["choices"] and body["choices"][0]["delta"].get("content"):
            times.append(float(at))
    return times, stated, None


@given(streams, st.booleans())
def test_what_is_not_decoded_changes_nothing(events: list[bytes], keep: bool) -> None:
    heard = hear(*events, DONE, keep_times=keep)
    times, stated, error = slow(events)
    assert (heard.first_token, heard.last_token) == (
        (times[0], times[-1]) if times else (None,) * 2
    )
    assert heard.tokens == (len(times) if stated is None else stated)
    assert heard.error == error


@given(streams, st.lists(st.integers(0, 2000)), st.sampled_from([b"\n", b"\r\n"]))
def test_any_cut_of_the_bytes_says_the_same(
    events: list[bytes], cuts: list[int], end: bytes
) -> None:
    whole = b"".join([*events, DONE]).replace(b"\n", end)
    places = sorted({0, len(whole), *(cut for cut in cuts if cut < len(whole))})
    pieces = [whole[a:b] for a, b in pairwise(places)]
    assert b"".join(pieces) == whole
    for keep in (False, True):
        at_once = hear_stream([(1.0, whole)], keep, keep)
        assert hear_stream([(1.0, piece) for piece in pieces], keep, keep) == at_once


@given(st.lists(st.text(min_size=1, max_size=4), min_size=1, max_size=6), st.data())
def test_an_event_comes_when_its_last_byte_does(words: list[str], data: st.DataObject) -> None:
    events = [*(token(word) for word in words), usage(1, len(words)), DONE]
    whole, ends = b"".join(events), list(accumulate(map(len, events)))
    size = data.draw(st.integers(1, len(whole)))
    pieces = [(float(i), whole[i : i + size]) for i in range(0, len(whole), size)]
    # The piece that starts at i holds bytes i to i + size - 1.
    came = [float((end - 1) // size * size) for end in ends]
    heard = hear_stream(pieces, keep_times=True)
    assert heard.times == came[: len(words)]
    plain = hear_stream(pieces)
    assert (plain.first_token, plain.last_token) == (came[0], came[len(words) - 1])
