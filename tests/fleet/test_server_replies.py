"""What is said: recorded text where there is one, drawn words elsewhere, within the limits."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.fleet.server._replies import Author, Recorded, Wanted
from pipeline.fleet.server._tokens import encode, split

RECORDED = {"two?": Recorded("It is two.", None), "long?": Recorded("abcdef", 4)}


def author(mean: float = 20.0) -> Author:
    return Author("emu", 3, mean, RECORDED)


def wanted(prompt: str, limit: int = 1000, least: int = 0, ignore_eos: bool = False) -> Wanted:
    return Wanted(encode(prompt), prompt, limit, least, ignore_eos)


def text(pieces: list[bytes]) -> str:
    return str(json.loads(b'"' + b"".join(pieces) + b'"'))


def test_recorded_text_is_replayed_in_its_own_tokens() -> None:
    reply = author().reply(wanted("two?"))
    assert [piece.decode() for piece in reply.pieces] == split("It is two.")
    assert (reply.stops, reply.source) == (True, "recorded")


def test_reported_counts_hold_over_this_tokeniser() -> None:
    reply = author().reply(wanted("long?"))
    assert reply.pieces == [b"a", b"bc", b"d", b"ef"]


def test_a_limit_cuts_and_says_so() -> None:
    reply = author().reply(wanted("two?", limit=2))
    assert text(reply.pieces) == "It is"
    assert not reply.stops


def test_ignore_eos_goes_on_to_the_limit() -> None:
    reply = author().reply(wanted("two?", limit=9, ignore_eos=True))
    assert len(reply.pieces) == 9
    assert text(reply.pieces).startswith("It is two. ")
    assert not reply.stops


def test_min_tokens_go_on() -> None:
    reply = author().reply(wanted("two?", limit=50, least=8))
    assert len(reply.pieces) == 8
    assert reply.stops


@given(st.text(max_size=30), st.integers(1, 60), st.integers(0, 20), st.booleans())
def test_lengths_are_within_limits(prompt: str, limit: int, least: int, on: bool) -> None:
    reply = author().reply(wanted(prompt, limit, min(least, limit), on))
    assert max(1, min(least, limit)) <= len(reply.pieces) <= limit
    if on:
        assert len(reply.pieces) == limit
    if len(reply.pieces) < limit:
        assert reply.stops


def test_generated_words_are_one_token_each() -> None:
    reply = author().reply(wanted("say something", limit=300, ignore_eos=True))
    assert split(text(reply.pieces)) == [piece.decode() for piece in reply.pieces]


def test_equal_prompts_get_equal_answers_and_others_do_not() -> None:
    first, again = (author().reply(wanted("why?")) for _ in range(2))
    assert first == again
    assert first.pieces != author().reply(wanted("how?")).pieces


def test_lengths_have_the_stated_mean() -> None:
    lengths = [len(author(150.0).reply(wanted(f"{i}", 10**6)).pieces) for i in range(4000)]
    # The standard error is 150 * sqrt(exp(0.64) - 1) / sqrt(4000) = 2.2 tokens.
    assert np.mean(lengths) == pytest.approx(150, abs=9)
