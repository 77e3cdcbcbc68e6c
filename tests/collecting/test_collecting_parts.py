"""The pure parts of a live collection: pace, pauses, keys of answers, flags, shares of a cap."""

import asyncio
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.collecting._backoff import pause_s, retry_after_s
from pipeline.collecting._bucket import TokenBucket, next_turn
from pipeline.collecting._degenerate import degeneracies
from pipeline.collecting._open import asked_of, open_questions
from pipeline.collecting._question import content_key, request_body, worst_usd
from pipeline.collecting._shard import Shard
from pipeline.collecting._share import jobs_of
from pipeline.errors import EndpointError, ParamsError
from pipeline.keys import bearer
from pipeline.params import LiveParams, parse_params
from tests.collecting.live_cases import count_words, live, prompts

NOW = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)


def test_a_bucket_by_hand() -> None:
    bucket = TokenBucket(2.0)
    # Two a second: the first at once, each of the others half a second after the one before it.
    assert [bucket.take(10.0) for _ in range(3)] == [10.0, 10.5, 11.0]
    # It does not save up more than one token while nobody asks.
    assert [bucket.take(20.0) for _ in range(2)] == [20.0, 20.5]
    bucket.rest(30.0)
    assert [bucket.take(20.6) for _ in range(2)] == [30.0, 30.5]


def test_a_bucket_without_a_rate_gives_at_once_but_rests() -> None:
    bucket = TokenBucket(None)
    assert [bucket.take(1.0), bucket.take(1.0)] == [1.0, 1.0]
    bucket.rest(3.0)
    assert [bucket.take(2.0), bucket.take(4.0)] == [3.0, 4.0]


def test_who_waits_for_a_turn_waits_out_a_pause_too() -> None:
    async def turns() -> list[float]:
        clock, bucket = asyncio.get_running_loop().time, TokenBucket(20.0)
        started = clock()

        async def turn() -> float:
            await next_turn(bucket)
            return clock() - started

        asked = [asyncio.create_task(turn()) for _ in range(3)]
        await asyncio.sleep(0)
        bucket.rest(started + 0.3)
        return await asyncio.gather(*asked)

    first, second, third = asyncio.run(turns())
    assert first < second
    # Their turns of 0.05 s and 0.10 s are void, and the rate holds after the pause.
    assert second >= 0.3
    assert third >= 0.35


@given(st.floats(0.1, 50.0), st.lists(st.floats(0.0, 3.0), min_size=1, max_size=60))
def test_no_window_sees_more_than_the_rate(rate: float, gaps: list[float]) -> None:
    bucket = TokenBucket(rate)
    asked = np.cumsum(gaps)
    given_at = np.array([bucket.take(float(at)) for at in asked])
    assert (given_at >= asked).all()
    for first in range(len(given_at)):
        span = given_at[first:] - given_at[first]
        assert (np.arange(1, len(span) + 1) <= rate * span + 1 + 1e-6).all()


def test_pauses_double_within_their_jitter_and_are_bounded() -> None:
    rng = np.random.default_rng(0)
    for failures, longest in ((1, 0.5), (2, 1.0), (3, 2.0), (6, 16.0), (7, 20.0), (50, 20.0)):
        drawn = [pause_s(failures, rng) for _ in range(200)]
        assert longest / 2 <= min(drawn) <= max(drawn) <= longest
        assert max(drawn) - min(drawn) > longest / 4


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("3", 3.0),
        (" 0 ", 0.0),
        ("Tue, 24 Nov 2026 12:00:30 GMT", 30.0),
        ("Tue, 24 Nov 2026 11:00:00 GMT", 0.0),
        (None, None),
        ("", None),
        ("soon", None),
        ("-4", None),
        ("1.5", None),
    ],
)
def test_retry_after_in_both_its_forms(header: str | None, seconds: float | None) -> None:
    assert retry_after_s(header, NOW) == seconds


@pytest.mark.parametrize(
    ("text", "tokens", "reason", "flags"),
    [
        ("The answer is 4.", 5, "stop", None),
        ("", 1, "stop", "empty,short"),
        (" \n ", 3, "stop", "empty"),
        ("4", 1, "stop", "short"),
        ("The answer is", 16, "length", "cut"),
        ("ha " * 200, 200, "length", "cut,repetitive"),
        ("ha " * 200, 200, None, "repetitive"),
    ],
)
def test_degenerate_replies(text: str, tokens: int, reason: str | None, flags: str | None) -> None:
    assert degeneracies(text, tokens, reason) == flags


def test_the_body_holds_what_was_set_and_nothing_else() -> None:
    settings = live("http://h", {"model": "org/m"}, system="Be brief.")
    assert request_body("m", settings, "2 + 2?") == {
        "model": "org/m",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "2 + 2?"},
        ],
        "max_tokens": 16,
        "temperature": 0.0,
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def test_the_key_of_an_answer_is_what_decides_it() -> None:
    key = content_key("m", live("http://h"), "2 + 2?")
    moved = live("https://elsewhere:8000/v1", {"concurrency": 1, "price_in": 1.0}, attempts=9)
    assert content_key("m", moved, "2 + 2?") == key
    others = [
        content_key("m", live("http://h"), "2 + 3?"),
        content_key("m", live("http://h", {"model": "org/m"}), "2 + 2?"),
        content_key("m", live("http://h", system="Be brief."), "2 + 2?"),
        content_key("m", live("http://h", sampling={"max_tokens": 17}), "2 + 2?"),
        content_key("m", live("http://h", sampling={"max_tokens": 16, "seed": 1}), "2 + 2?"),
    ]
    assert len({key, *others}) == 6


def test_equal_names_at_a_server_are_not_equal_models() -> None:
    models = {name: {"endpoint": "http://h", "model": "same"} for name in ("a", "b")}
    settings = live("http://h", models=models)
    assert content_key("a", settings, "2 + 2?") != content_key("b", settings, "2 + 2?")


def test_a_prompt_that_stands_twice_is_one_question() -> None:
    settings = live("http://h")
    asked = asked_of(prompts("2 + 2?", "3 + 3?", "2 + 2?"), settings, count_words)
    assert [len(questions) for questions in open_questions(asked, ()).values()] == [2]
    known = {asked[0].question.key}
    [left] = open_questions(asked, known).values()
    assert [question.text for question in left] == ["3 + 3?"]
    assert open_questions(asked, {one.question.key for one in asked}) == {}


def test_the_worst_case_takes_a_byte_for_a_token() -> None:
    settings = live("http://h", {"price_in": 2.0, "price_out": 10.0}, system="é")
    # 4 bytes of prompt, 2 of the system prompt, 64 of the template; 16 tokens of output.
    assert worst_usd(settings.models["m"], settings, "2+2?") == pytest.approx(
        (70 * 2.0 + 16 * 10.0) * 1e-6
    )
    unknown = live("http://h", {"price_in": 2.0})
    assert worst_usd(unknown.models["m"], unknown, "2+2?") is None


def shards(*counts: int, **settings: object) -> tuple[list[Shard], LiveParams]:
    models = {
        f"m{number}": {"endpoint": "http://h", "price_in": 1.0, "price_out": 1.0}
        for number in range(len(counts))
    }
    asking = live("http://h", models=models, **settings)
    texts = prompts(*(f"prompt {number:03}" for number in range(max(counts))))
    asked = open_questions(asked_of(texts, asking, count_words), ())
    return [
        Shard(name, asking, asked[name][:count], "live", 0)
        for name, count in zip(models, counts, strict=True)
    ], asking


def test_in_one_process_all_shards_draw_on_the_whole_cap() -> None:
    cut, asking = shards(3, 1, max_usd=1.0, max_requests=8)
    [job] = jobs_of(cut, asking, "process")
    assert (len(job.shards), job.max_usd, job.max_requests) == (2, 1.0, 8)


def test_on_a_cluster_every_endpoint_has_its_part_of_the_cap() -> None:
    cut, asking = shards(3, 1, max_usd=1.0, max_requests=9)
    jobs = jobs_of(cut, asking, "ray")
    # Equal prompts and prices: three questions weigh three times as much as one.
    assert [job.max_usd for job in jobs] == pytest.approx([0.75, 0.25])
    assert [job.max_requests for job in jobs] == [6, 2]


@pytest.mark.parametrize(("value", "says"), [("", "not set"), ("two words", "blanks")])
def test_a_key_that_cannot_be_sent(monkeypatch: pytest.MonkeyPatch, value: str, says: str) -> None:
    monkeypatch.setenv("COLLECT_TEST_KEY", value)
    with pytest.raises(EndpointError, match=says) as caught:
        bearer("COLLECT_TEST_KEY", "here")
    assert not value or value not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"models": {}}, "models"),
        ({"models": {"m": {"endpoint": "h:80"}}}, "'h:80' is not the address of a server"),
        ({"models": {"m": {"endpoint": "http://me:key@h"}}}, "a password"),
        ({"max_usd": 1.0}, "price of 'm' is unknown"),
        ({"sampling": {"max_tokens": 0}}, "max_tokens"),
        ({"sampling": {"max_tokens": 9, "temprature": 1.0}}, "did you mean 'temperature'"),
        ({"attempt": 3}, "did you mean 'attempts'"),
    ],
)
def test_settings_that_are_refused(change: dict[str, object], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        live("http://h", **change)


def test_live_needs_an_endpoint_for_every_model_of_the_fleet(raw_params) -> None:
    raw_params["collect"] = {"source": "live", "live": None}
    with pytest.raises(ParamsError, match="source 'live' needs live"):
        parse_params(raw_params)
    some = {"emu-3b": {"endpoint": "http://h"}}
    raw_params["collect"]["live"] = {"models": some, "sampling": {"max_tokens": 9}}
    with pytest.raises(ParamsError, match=r"without an endpoint in collect\.live\.models 'emu-7b'"):
        parse_params(raw_params)
    some["emu-3c"] = some["emu-3b"]
    with pytest.raises(ParamsError, match="did you mean 'emu-3b'"):
        parse_params(raw_params)
