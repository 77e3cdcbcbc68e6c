"""Several judges side by side: log-probabilities, repeats, costs, the cap, faults, secrets."""

import json

import polars as pl
import pytest

from pipeline.errors import CapError
from pipeline.judging import judge, judge_counts
from tests.stub_server import Reply, answer

GOOD = '{"reason": "matches", "score": 7}'
NO_LOGPROBS = json.dumps({"error": {"message": "Unknown parameter", "param": "logprobs"}})


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch) -> None:
    monkeypatch.setattr("pipeline.collecting._backoff._FIRST_PAUSE_S", 0.001)


@pytest.fixture
def judged(prompt, response, frames, journal):
    """Judge n distinct responses; all JUDGEMENTS rows of the language models."""

    def run(settings, n: int = 1, text: str = "4", task: str = "number") -> pl.DataFrame:
        prompts = [prompt(f"p{i}", task) for i in range(n)]
        data = frames(prompts, [response(f"p{i}", text) for i in range(n)])
        return judge(*data, settings, journal, None).filter(pl.col("metric") == "g_eval")

    return run


def test_two_judges_see_every_case_and_keep_their_own_sources(stub, llm, panel, judged) -> None:
    mild = stub(lambda n, body: answer('{"reason": "fine", "score": 9}'))
    harsh = stub(lambda n, body: answer('{"reason": "poor", "score": 2}'))
    settings = panel(mild=llm(mild), harsh=llm(harsh, model="other"))
    rows = judged(settings, n=3)
    means = dict(rows.group_by("quality_source").agg(pl.col("score").mean()).iter_rows())
    assert means == {"g_eval:mild": pytest.approx(0.9), "g_eval:harsh": pytest.approx(0.2)}
    assert {call["model"] for call in mild.calls} == {"stub-model"}
    assert {call["model"] for call in harsh.calls} == {"other"}
    assert (len(mild.calls), len(harsh.calls)) == (3, 3)


def test_a_judge_that_fails_on_everything_is_nulls_and_is_said(
    stub, llm, panel, judged, capsys
) -> None:
    settings = panel(
        good=llm(stub(lambda n, body: answer(GOOD))),
        dead=llm(stub(lambda n, body: Reply(500, "{}")), attempts=1),
    )
    rows = judged(settings, n=3)
    nulls = dict(rows.group_by("quality_source").agg(pl.col("score").null_count()).iter_rows())
    assert nulls == {"g_eval:good": 0, "g_eval:dead": 3}
    said = capsys.readouterr().err
    assert "judge dead: 3 of 3 verdicts failed and are null" in said
    assert "HTTP 500" in said
    counts = judge_counts(rows)["g_eval:dead/g_eval"]
    assert (counts["rows"], counts["scored"], counts["failed"], counts["zeros"]) == (3, 0, 3, 0)
    assert counts["mean"] is None


def test_an_open_task_has_a_rubric_of_its_own(stub, llm, panel, judged) -> None:
    server = stub(lambda n, body: answer(GOOD))
    judged(panel(a=llm(server)), task="open")
    asked = server.calls[0]["messages"][0]["content"]
    for word in ("Correctness", "Completeness", "Helpfulness"):
        assert word in asked


def test_an_endpoint_without_logprobs_is_asked_without_and_only_told_once(
    stub, llm, panel, judged, capsys
) -> None:
    server = stub(lambda n, body: Reply(400, NO_LOGPROBS) if "logprobs" in body else answer(GOOD))
    rows = judged(panel(a=llm(server, concurrency=1)), n=4)
    assert rows["path"].to_list() == ["plain integer"] * 4
    assert ["logprobs" in call for call in server.calls] == [True, False, False, False, False]
    assert capsys.readouterr().err.count("gives no log-probabilities") == 1


def test_another_refusal_does_not_cost_the_log_probabilities(stub, llm, panel, judged) -> None:
    weighted = answer(GOOD, "7", {"7": 0.6, "9": 0.4})
    server = stub(lambda n, body: Reply(400, '{"error": "too long"}') if n == 0 else weighted)
    rows = judged(panel(a=llm(server, concurrency=1)), n=3)
    assert rows["path"].to_list().count("logprob-weighted") == 2
    assert rows["score"].null_count() == 1
    assert all("logprobs" in call for call in server.calls)
    assert judge_counts(rows)["g_eval:a/g_eval"]["weighted_share"] == 1.0


def test_repeats_are_asked_and_kept_one_by_one(stub, llm, panel, judged) -> None:
    server = stub(lambda n, body: answer(json.dumps({"reason": "r", "score": n})))
    settings = panel(a=llm(server, repeats=3, temperature=0.7, concurrency=1))
    rows = judged(settings)
    assert rows["repeat"].to_list() == [0, 1, 2]
    assert rows["score"].to_list() == pytest.approx([0.0, 0.1, 0.2])
    assert {call["temperature"] for call in server.calls} == {0.7}
    assert judged(settings).equals(rows)
    # One repeat more pays for one verdict more.
    more = judged(panel(a=llm(server, repeats=4, temperature=0.7)))
    assert more["repeat"].to_list() == [0, 1, 2, 3]
    assert len(server.calls) == 4


def _paid(prompt_tokens: object, output_tokens: object) -> Reply:
    body = json.loads(answer(GOOD).body)
    body["usage"] = {"prompt_tokens": prompt_tokens, "completion_tokens": output_tokens}
    return Reply(body=json.dumps(body))


def test_costs_by_hand(stub, llm, panel, judged) -> None:
    server = stub(lambda n, body: _paid(1000, 200))
    rows = judged(panel(a=llm(server, price_in=2.0, price_out=10.0)), n=2)
    assert rows["prompt_tokens"].to_list() == [1000, 1000]
    assert rows["cost_usd"].to_list() == pytest.approx([0.004, 0.004])
    counts = judge_counts(rows)["g_eval:a/g_eval"]
    assert (counts["verdicts"], counts["prompt_tokens"], counts["unpriced"]) == (2, 2000, 0)
    assert counts["cost_usd"] == pytest.approx(0.008)


def test_an_unknown_price_or_count_stays_unknown(stub, llm, panel, judged) -> None:
    unpriced = judged(panel(a=llm(stub(lambda n, body: _paid(1000, 200)), price_in=2.0)))
    assert unpriced["cost_usd"].to_list() == [None]
    silent = judged(
        panel(b=llm(stub(lambda n, body: _paid(None, "many")), price_in=2, price_out=2))
    )
    assert silent.select("prompt_tokens", "output_tokens", "cost_usd").row(0) == (None, None, None)
    counts = judge_counts(pl.concat([unpriced, silent]))
    assert counts["g_eval:a/g_eval"]["output_tokens"] == 200
    assert counts["g_eval:a/g_eval"]["cost_usd"] is None
    assert counts["g_eval:b/g_eval"]["prompt_tokens"] is None
    assert counts["g_eval:b/g_eval"]["unpriced"] == 1


def test_equal_texts_are_paid_for_once(stub, llm, panel, prompt, response, frames, journal) -> None:
    server = stub(lambda n, body: _paid(1000, 200))
    data = frames([prompt("p")], [response("p"), response("p", model="other")])
    settings = panel(a=llm(server, price_in=2.0, price_out=10.0))
    rows = judge(*data, settings, journal, None).filter(pl.col("metric") == "g_eval")
    assert (rows.height, len(server.calls)) == (2, 1)
    assert judge_counts(rows)["g_eval:a/g_eval"]["cost_usd"] == pytest.approx(0.004)


def test_nonsense_is_paid_for_and_null(stub, llm, panel, judged) -> None:
    body = json.loads(_paid(1000, 200).body)
    body["choices"][0]["message"]["content"] = "I like it"
    server = stub(lambda n, _: Reply(body=json.dumps(body)))
    rows = judged(panel(a=llm(server, price_in=2.0, price_out=10.0)))
    assert rows.select("score", "path", "cost_usd").row(0) == (None, None, pytest.approx(0.004))
    assert judge_counts(rows)["g_eval:a/g_eval"]["verdicts"] == 1


def test_the_cap_stops_the_run_keeps_what_is_paid_and_is_never_passed(
    stub, llm, panel, judged, journal
) -> None:
    # Each answer costs 0.004; the worst case of one is 1024 * 10e-6 and some for the prompt.
    server = stub(lambda n, body: _paid(1000, 200))
    settings = panel(a=llm(server, price_in=2.0, price_out=10.0, concurrency=3), max_usd=0.04)
    with pytest.raises(CapError, match=r"judge\.max_usd 0\.04 .*of 40 verdicts") as stopped:
        judged(settings, n=40)
    paid = len(server.calls)
    assert 1 <= paid <= 0.04 / 0.004
    assert f"{paid} of 40 verdicts are there" in str(stopped.value)
    assert f"for {0.004 * paid:.6g} USD" in str(stopped.value)
    calls = paid
    for _ in range(40):
        try:
            rows = judged(settings, n=40)
            break
        except CapError:
            assert len(server.calls) - calls <= 10
            calls = len(server.calls)
    assert rows["score"].null_count() == 0
    assert len(server.calls) == 40  # nothing is paid for twice


def test_failures_that_cost_nothing_do_not_use_up_the_cap(stub, llm, panel, judged) -> None:
    server = stub(lambda n, body: Reply(503, "{}"))
    settings = panel(a=llm(server, price_in=2.0, price_out=10.0, attempts=2), max_usd=0.02)
    assert judged(settings, n=20)["score"].null_count() == 20
    assert len(server.calls) == 40


def test_what_nobody_answered_counts_at_its_worst(stub, llm, panel, judged) -> None:
    server = stub(lambda n, body: answer(GOOD, delay_s=1.0))
    settings = panel(
        a=llm(server, price_in=0.0, price_out=10.0, attempts=1, timeout_s=0.1, concurrency=1),
        max_usd=0.025,  # two worst cases of 0.01024
    )
    with pytest.raises(CapError, match="2 of 5 verdicts"):
        judged(settings, n=5)


def test_keys_of_two_judges_go_each_to_its_own_server(
    stub, llm, panel, judged, monkeypatch, capsys, tmp_path
) -> None:
    monkeypatch.setenv("KEY_A", "sk-secret-a")
    monkeypatch.setenv("KEY_B", "sk-secret-b")
    echo = json.dumps({"error": {"message": "logprobs? bad key sk-secret-a sk-secret-b"}})
    one = stub(lambda n, body: Reply(400, echo) if n == 0 else answer(GOOD))
    two = stub(lambda n, body: Reply(500, echo))
    rows = judged(
        panel(a=llm(one, key_variable="KEY_A"), b=llm(two, key_variable="KEY_B", attempts=2)), n=3
    )
    assert set(one.keys) == {"Bearer sk-secret-a"}
    assert set(two.keys) == {"Bearer sk-secret-b"}
    told = json.dumps(rows.to_dicts()) + "".join(capsys.readouterr())
    assert "sk-secret" not in told
    assert b"sk-secret" not in b"".join(f.read_bytes() for f in tmp_path.iterdir())


def test_a_server_that_is_not_there_costs_nothing(llm, panel, judged, stub) -> None:
    gone = llm(stub(lambda n, body: answer(GOOD)), endpoint="http://127.0.0.1:9/v1", attempts=2)
    settings = panel(a=gone.model_copy(update={"price_in": 1.0, "price_out": 10.0}), max_usd=0.02)
    rows = judged(settings, n=8)
    assert set(rows["failure"]) == {"the judge could not be reached, 2 attempts"}


def test_an_address_may_lack_its_path(stub, llm, panel, judged) -> None:
    server = stub(lambda n, body: answer(GOOD))
    bare = llm(server, endpoint=server.url.removesuffix("/v1"))
    assert judged(panel(a=bare))["score"].to_list() == [pytest.approx(0.7)]
