"""The language model judge against a scripted endpoint."""

import json
import time

import pytest

from pipeline.errors import EndpointError
from pipeline.judging import judge
from tests.stub_server import Reply, answer

GOOD = '{"reason": "matches", "score": 7}'


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch) -> None:
    monkeypatch.setattr("pipeline.collecting._backoff._FIRST_PAUSE_S", 0.001)


@pytest.fixture
def asked(prompt, response, frames, journal, panel):
    """Judge n distinct responses; the G-Eval rows as dictionaries."""

    def ask(settings, n: int = 1, text: str = "4"):
        data = frames(
            [prompt(f"p{i}") for i in range(n)], [response(f"p{i}", text) for i in range(n)]
        )
        rows = judge(*data, panel(stub=settings), journal, None)
        return [row for row in rows.to_dicts() if row["metric"] == "g_eval"]

    return ask


def test_logprobs_weight_the_score(stub, llm, asked) -> None:
    server = stub(lambda n, body: answer(GOOD, "7", {"7": 0.6, "9": 0.4}))
    (row,) = asked(llm(server))
    assert row["score"] == pytest.approx(0.78)
    assert (row["path"], row["reason"]) == ("logprob-weighted", "matches")
    assert row["quality_source"] == "g_eval:stub"
    (call,) = server.calls
    assert (call["temperature"], call["logprobs"]) == (0, True)


def test_without_logprobs_the_plain_integer_is_named(stub, llm, asked) -> None:
    (row,) = asked(llm(stub(lambda n, body: answer(GOOD))))
    assert row["score"] == pytest.approx(0.7)
    assert row["path"] == "plain integer"


def test_a_true_zero_stays_zero(stub, llm, asked) -> None:
    (row,) = asked(llm(stub(lambda n, body: answer('{"reason": "no", "score": 0}'))))
    assert (row["score"], row["failure"]) == (0.0, None)


@pytest.mark.parametrize(
    ("content", "failure"),
    [
        ("I like it", "not JSON"),
        ("{broken", "not JSON"),
        ('{"reason": "x"}', "no numeric score"),
        ('{"reason": "x", "score": null}', "no numeric score"),
        ('{"reason": "x", "score": true}', "no numeric score"),
        ('{"reason": "x", "score": NaN}', "no numeric score"),
        ('{"reason": "x", "score": 15}', "between 0 and 10"),
        ('{"reason": "x", "score": -1}', "between 0 and 10"),
        ('{"score": 5}', "no reason"),
        ("", "not JSON"),
        ('{"a":' * 5000 + "1" + "}" * 5000, "not JSON"),
        ('{"reason": "x", "score": 1' + "0" * 400 + "}", "between 0 and 10"),
    ],
)
def test_a_bad_answer_is_a_null(stub, llm, asked, content: str, failure: str) -> None:
    server = stub(lambda n, body: answer(content))
    (row,) = asked(llm(server))
    assert row["score"] is None
    assert failure in row["failure"]
    assert len(server.calls) == 1


@pytest.mark.parametrize(
    "choices",
    [
        [{}],
        [None],
        "abc",
        5,
        {"a": 1},
        [{"message": None}],
        [{"message": "hi"}],
        [{"message": {"content": [{"type": "text"}]}}],
    ],
)
def test_a_reply_of_another_shape_is_a_null(stub, llm, asked, choices: object) -> None:
    server = stub(lambda n, body: Reply(body=json.dumps({"choices": choices})))
    (row,) = asked(llm(server))
    assert (row["score"], len(server.calls)) == (None, 1)
    assert row["failure"] == "the judge's reply was not a chat completion"


def test_log_probabilities_that_are_all_dropped_count_as_none(stub, llm, asked) -> None:
    (row,) = asked(llm(stub(lambda n, body: answer(GOOD, "7", {"7": 0.005, "x": 0.9}))))
    assert row["score"] == pytest.approx(0.7)
    assert row["path"] == "plain integer"


def test_a_reason_that_no_file_can_hold_is_made_legible(stub, llm, asked) -> None:
    (row,) = asked(llm(stub(lambda n, body: answer('{"reason": "a\\ud800b", "score": 7}'))))
    assert row["reason"] == "a?b"


def test_a_run_that_is_paid_for_needs_no_key(stub, llm, asked, monkeypatch) -> None:
    monkeypatch.setenv("JUDGE_KEY", "secret")
    settings = llm(stub(lambda n, body: answer(GOOD)), key_variable="JUDGE_KEY")
    first = asked(settings)
    monkeypatch.delenv("JUDGE_KEY")
    assert asked(settings) == first


@pytest.mark.parametrize("status", [500, 503, 429])
def test_passing_trouble_is_retried(stub, llm, asked, status: int) -> None:
    server = stub(lambda n, body: Reply(status, "{}") if n < 2 else answer(GOOD))
    (row,) = asked(llm(server))
    assert row["score"] == pytest.approx(0.7)
    assert len(server.calls) == 3


def test_a_refused_request_is_not_retried(stub, llm, asked) -> None:
    server = stub(lambda n, body: Reply(401, "{}"))
    (row,) = asked(llm(server))
    assert (row["score"], row["failure"]) == (None, "the judge answered HTTP 401")
    assert len(server.calls) == 1


def test_a_lasting_failure_and_a_page_of_html_are_nulls(stub, llm, asked) -> None:
    (row,) = asked(llm(stub(lambda n, body: Reply(500, "{}"))))
    assert row["failure"] == "the judge answered HTTP 500, 3 attempts"
    (row,) = asked(llm(stub(lambda n, body: Reply(200, "<p>hi</p>", "text/html"))))
    assert row["failure"] == "the judge's reply was not a chat completion"
    (row,) = asked(llm(stub(lambda n, body: Reply(200, "{oops"))))
    assert row["score"] is None


def test_a_slow_judge_times_out(stub, llm, asked) -> None:
    server = stub(lambda n, body: answer(GOOD, delay_s=1.0))
    (row,) = asked(llm(server, timeout_s=0.1, attempts=2))
    assert row["failure"] == "the judge did not answer in time, 2 attempts"


def test_concurrency_is_bounded(stub, llm, asked) -> None:
    server = stub(lambda n, body: answer(GOOD, delay_s=0.03))
    assert len(asked(llm(server, concurrency=3), n=12)) == 12
    assert server.most_at_once == 3


def test_failures_are_retried_by_the_next_run_and_verdicts_are_not(stub, llm, asked) -> None:
    server = stub(lambda n, body: Reply(400, "{}") if n == 0 else answer(GOOD))
    settings = llm(server, concurrency=1)
    assert sum(row["score"] is None for row in asked(settings, n=3)) == 1
    assert len(server.calls) == 3
    assert all(row["score"] is not None for row in asked(settings, n=3))
    assert len(server.calls) == 4
    asked(settings, n=3)
    assert len(server.calls) == 4


def test_long_texts_are_cut_and_marked_also_from_the_journal(stub, llm, asked) -> None:
    server = stub(lambda n, body: answer(GOOD))
    for _ in range(2):
        (row,) = asked(llm(server, max_chars=100), text="y" * 300)
        assert row["truncated"]
    assert len(server.calls) == 1
    sent = server.calls[0]["messages"][0]["content"]
    assert "y" * 100 in sent
    assert "y" * 101 not in sent


def test_an_empty_response_is_judged(stub, llm, asked) -> None:
    server = stub(lambda n, body: answer('{"reason": "empty", "score": 0}'))
    (row,) = asked(llm(server), text="")
    assert row["score"] == 0.0


def test_the_key_goes_to_the_server_and_nowhere_else(
    stub, llm, asked, journal, monkeypatch, capsys, tmp_path
) -> None:
    monkeypatch.setenv("JUDGE_KEY", "sk-very-secret")
    echo = json.dumps({"error": {"message": "bad key sk-very-secret"}})
    server = stub(lambda n, body: Reply(401, echo) if n == 0 else answer(GOOD))
    rows = asked(llm(server, key_variable="JUDGE_KEY", concurrency=1), n=2)
    assert set(server.keys) == {"Bearer sk-very-secret"}
    assert "sk-very-secret" not in json.dumps(rows)
    assert b"sk-very-secret" not in b"".join(f.read_bytes() for f in tmp_path.iterdir())
    assert "sk-very-secret" not in "".join(capsys.readouterr())


def test_an_absent_key_is_one_sentence(stub, llm, asked, monkeypatch) -> None:
    monkeypatch.delenv("JUDGE_KEY", raising=False)
    with pytest.raises(EndpointError, match="environment variable JUDGE_KEY is not set"):
        asked(llm(stub(lambda n, body: answer(GOOD)), key_variable="JUDGE_KEY"))


def test_a_server_that_asks_for_a_rest_is_given_it(stub, llm, asked) -> None:
    busy = Reply(429, "{}", headers={"Retry-After": "1"})
    server = stub(lambda n, body: busy if n == 0 else answer(GOOD))
    started = time.monotonic()
    (row,) = asked(llm(server))
    assert row["score"] == pytest.approx(0.7)
    assert time.monotonic() - started >= 1.0


def test_a_rest_holds_for_everybody_who_asks_that_server(stub, llm, asked) -> None:
    at = []

    def script(number, body):
        at.append(time.monotonic())
        if number == 0:
            return Reply(429, "{}", headers={"Retry-After": "1"})
        return answer(GOOD, delay_s=0.3 if number == 1 else 0.0)

    rows = asked(llm(stub(script), concurrency=2), n=4)
    assert [row["score"] for row in rows] == [pytest.approx(0.7)] * 4
    # The second call was on its way already; whoever sent it asks nothing more meanwhile.
    assert min(at[2:]) - at[0] >= 1.0


def test_a_server_that_asks_for_too_long_a_rest_is_left(stub, llm, asked) -> None:
    server = stub(lambda n, body: Reply(429, "{}", headers={"Retry-After": "3600"}))
    (row,) = asked(llm(server))
    assert (row["failure"], len(server.calls)) == ("the judge answered HTTP 429", 1)
