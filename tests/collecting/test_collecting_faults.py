"""What endpoints do to a collection over real sockets, and what the rows then say."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.errors import DataError, EndpointError, UnknownNameError
from pipeline.journal import Journal
from tests.collecting.chat_stub import ChatStub, Said, Script
from tests.collecting.live_cases import collected, live, prompts

Row = dict[str, Any]


def rows_of(script: Script, folder: Path, *texts: str, **settings: Any) -> tuple[list[Row], Any]:
    """Collect these prompts from a stub that follows the script; return the rows and the stub."""
    with ChatStub(script) as stub:
        frame = collected(prompts(*texts), live(stub.url, **settings), folder)
    return frame.rows(named=True), stub


def first_then(first: Said, then: Said | None = None) -> Script:
    return lambda number, _: first if number == 0 else then or Said()


def test_an_answer_and_when_it_came(tmp_path: Path) -> None:
    [row], stub = rows_of(lambda *_: Said(pause_s=0.05), tmp_path, "2 + 2?")
    assert (row["response_text"], row["status"], row["error"]) == ("The answer is 4.", "ok", None)
    assert (row["prompt_tokens"], row["prompt_tokens_source"]) == (11, "reported")
    assert (row["output_tokens"], row["output_tokens_source"]) == (4, "reported")
    assert (row["finish_reason"], row["flags"], row["label"]) == ("stop", None, "live")
    assert len(row["token_s"]) == 4
    assert (np.diff(row["token_s"]) >= 0).all()
    assert 0.05 <= row["ttft_s"] == row["token_s"][0] <= row["token_s"][-1] <= row["e2e_s"]
    assert stub.keys == [None]


def test_without_usage_tokens_are_counted_and_said_to_be(tmp_path: Path) -> None:
    [row], _ = rows_of(lambda *_: Said(usage=None), tmp_path, "one two three four")
    assert (row["output_tokens"], row["output_tokens_source"]) == (4, "counted:events")
    assert (row["prompt_tokens"], row["prompt_tokens_source"]) == (4, "estimated:0.93*wordpiece")


def test_an_empty_answer_is_kept_and_flagged(tmp_path: Path) -> None:
    [row], stub = rows_of(lambda *_: Said(words=(), usage=(9, 0)), tmp_path, "2 + 2?")
    assert (row["status"], row["response_text"], row["flags"]) == ("ok", "", "empty,short")
    assert (row["output_tokens"], row["ttft_s"], row["token_s"]) == (1, None, [])
    assert len(stub.bodies) == 1


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (Said(status=500), "HTTP 500"),
        (Said(status=503), "HTTP 503"),
        (Said(status=408), "HTTP 408"),
        (Said(status=429), "HTTP 429"),
        (Said(body="<html><body>Welcome</body></html>"), "the answer was no stream of completions"),
        (Said(body="data: {broken\n\n"), "the answer was no stream of completions"),
        (Said(body='data: {"choices": "none"}\n\n'), "the answer was no stream of completions"),
        (Said(body="data: [1]\n\n"), "the answer was no stream of completions"),
        (Said(words=(), reset=True), "the answer was no stream of completions"),
        (Said(words=("a", "b"), reset=True), "the stream broke off after 2 tokens"),
        (Said(words=("a",), hang=True), "no end within 0.5 s"),
        (Said(pause_s=30.0), "no end within 0.5 s"),
    ],
)
def test_what_may_pass_is_tried_again(tmp_path: Path, fault: Said, reason: str) -> None:
    [row], stub = rows_of(first_then(fault), tmp_path, "2 + 2?", timeout_s=0.5)
    assert (row["status"], row["response_text"]) == ("ok", "The answer is 4.")
    assert stub.prompts == ["2 + 2?"] * 2

    # One that never passes is a row with its reason, beside one that was answered.
    def script(_: int, body: Row) -> Said:
        return fault if "bad" in body["messages"][-1]["content"] else Said()

    (tmp_path / "again").mkdir()
    (good, bad), stub = rows_of(
        script, tmp_path / "again", "good", "bad", timeout_s=0.5, attempts=2
    )
    assert (good["status"], bad["status"]) == ("ok", "error")
    assert bad["error"] == f"{reason}, attempt 2 of 2"
    assert (bad["response_text"], bad["output_tokens"], bad["e2e_s"]) == (None, None, None)
    assert sorted(stub.prompts) == ["bad", "bad", "good"]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 422])
def test_a_refusal_is_final_at_once(tmp_path: Path, status: int) -> None:
    secret = "no key sk-1234 here"
    script = first_then(Said(status=status, body=secret))
    rows, stub = rows_of(script, tmp_path, "one", "two", model={"concurrency": 1})
    assert rows[0]["error"] == f"HTTP {status}, attempt 1 of 4"
    assert rows[1]["status"] == "ok"
    assert stub.prompts == ["one", "two"]
    assert "sk-1234" not in str(rows)


def test_an_error_inside_the_stream_is_not_quoted(tmp_path: Path) -> None:
    said = Said(body='data: {"error": {"message": "key sk-1234 is out of credit"}}\n\n')
    rows, _ = rows_of(first_then(said), tmp_path, "1", "2", attempts=1, model={"concurrency": 1})
    assert [row["status"] for row in rows] == ["error", "ok"]
    assert "sk-1234" not in str(rows)


def test_a_pause_that_the_endpoint_asks_for_holds_everybody(tmp_path: Path) -> None:
    script = first_then(Said(status=429, headers={"Retry-After": "1"}))
    rows, stub = rows_of(script, tmp_path, "1", "2", "3", model={"concurrency": 1})
    assert [row["status"] for row in rows] == ["ok"] * 3
    assert stub.times[1] - stub.times[0] >= 1.0
    assert stub.prompts == ["1", "1", "2", "3"]


def test_a_pause_of_an_hour_is_not_waited_for(tmp_path: Path) -> None:
    script = first_then(Said(status=429, headers={"Retry-After": "3600"}))
    rows, stub = rows_of(script, tmp_path, "1", "2", model={"concurrency": 1})
    assert [row["error"] for row in rows] == ["HTTP 429, attempt 1 of 4", None]
    assert stub.prompts == ["1", "2"]


def test_no_more_at_once_than_was_set_and_all_of_it_used(tmp_path: Path) -> None:
    texts = [f"prompt {number}" for number in range(12)]
    _, stub = rows_of(lambda *_: Said(pause_s=0.05), tmp_path, *texts, model={"concurrency": 3})
    assert stub.most_at_once == 3
    assert sorted(stub.prompts) == sorted(texts)


def test_no_more_a_second_than_was_set(tmp_path: Path) -> None:
    texts = [f"prompt {number}" for number in range(11)]
    _, stub = rows_of(lambda *_: Said(), tmp_path, *texts, model={"rate_per_s": 20.0})
    # The first leaves at once and the last half a second later; the network may squeeze a little.
    assert stub.times[-1] - stub.times[0] >= 0.45


def test_failures_are_asked_again_by_the_next_run_and_answers_are_not(tmp_path: Path) -> None:
    def script(_: int, body: Row) -> Said:
        return Said(status=404) if body["messages"][-1]["content"] == "bad" else Said()

    rows, _ = rows_of(script, tmp_path, "good", "bad")
    assert [row["status"] for row in rows] == ["ok", "error"]
    with Journal(tmp_path / "collect.sqlite") as journal:
        assert len(journal) == 1
    again, stub = rows_of(lambda *_: Said(), tmp_path, "good", "bad")
    assert [row["status"] for row in again] == ["ok", "ok"]
    assert stub.prompts == ["bad"]
    assert again[0] == rows[0]


def test_what_is_all_paid_for_needs_neither_endpoint_nor_key(tmp_path: Path) -> None:
    [row], _ = rows_of(lambda *_: Said(), tmp_path, "2 + 2?")
    nobody = live("http://127.0.0.1:9", {"key_variable": "COLLECT_TEST_UNSET"})
    assert collected(prompts("2 + 2?"), nobody, tmp_path).rows(named=True) == [row]


def test_nobody_there_is_said_before_anything_is_asked(tmp_path: Path) -> None:
    with ChatStub() as stub:
        models = {"m": {"endpoint": stub.url}, "n": {"endpoint": "http://127.0.0.1:9"}}
        with pytest.raises(EndpointError, match=r"collect\.live\.models\.n: .* refused"):
            collected(prompts("2 + 2?"), live(stub.url, models=models), tmp_path)
    assert stub.bodies == []


def test_a_model_that_the_endpoint_does_not_list_is_refused_with_the_nearest(
    tmp_path: Path,
) -> None:
    with ChatStub(models=("org/model-3b",)) as stub:
        settings = live(stub.url, {"model": "org/model-3B"})
        with pytest.raises(UnknownNameError, match="did you mean 'org/model-3b'"):
            collected(prompts("2 + 2?"), settings, tmp_path)
    assert stub.bodies == []


def test_an_endpoint_that_answers_nobody_is_given_up_and_the_other_goes_on(
    tmp_path: Path,
) -> None:
    texts = prompts(*(f"prompt {number}" for number in range(60)))
    with ChatStub(lambda *_: Said(status=401)) as dead, ChatStub() as well:
        models = {
            "dead": {"endpoint": dead.url, "concurrency": 4},
            "well": {"endpoint": well.url, "concurrency": 4},
        }
        settings = live("http://h", models=models)
        with pytest.raises(EndpointError, match=r"dead at .*HTTP 401.* 60 are open; run it again"):
            collected(texts, settings, tmp_path)
        # 20 in a row end it, and with them those that were under way.
        assert 20 <= len(dead.bodies) < 24
        assert len(well.bodies) == 60
    with ChatStub() as back:
        models["dead"] = models["well"] = {"endpoint": back.url}
        rows = collected(texts, live("http://h", models=models), tmp_path)
    assert rows["status"].to_list() == ["ok"] * 120
    assert len(back.bodies) == 60


def test_a_model_without_any_answer_ends_the_stage(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="m answered nothing: HTTP 404, attempt 1 of 4"):
        rows_of(lambda *_: Said(status=404), tmp_path, "1", "2")


def test_the_emulated_fleet_is_told_from_a_real_one(tmp_path: Path, capsys) -> None:
    with ChatStub(models=("m",), version="0.32.0+emulated") as stub:
        rows = collected(prompts("2 + 2?"), live(stub.url), tmp_path)
    assert rows["label"].to_list() == ["emulated"]
    # Its answers stay what they are, and a run that takes them for its own says so.
    with ChatStub(models=("m",)) as stub:
        rows = collected(prompts("2 + 2?", "3 + 3?"), live(stub.url), tmp_path)
    assert rows["label"].to_list() == ["emulated", "live"]
    assert "1 from the journal (1 of them emulated), 1 to ask for" in capsys.readouterr().err
