"""What judges will cost, against hand-worked figures and against what was then asked."""

import json
from pathlib import Path

import pytest
import yaml

from pipeline.judging import judge, judge_questions, plan_judges, plan_judges_ahead
from pipeline.minilm import count_tokens
from pipeline.rows import PROMPTS, RESPONSES
from pipeline.schema import write_rows
from tests.stub_server import Reply, answer

SEED = 1


def ten(texts: list[str]) -> list[int]:
    """Every text is of ten word pieces, hence 9 tokens; G-Eval itself brings 240."""
    return [10] * len(texts)


@pytest.fixture
def data(prompt, response, frames):
    def make(n: int):
        responses = [response(f"p{i}", f"{i}", model=model) for i in range(n) for model in "ab"]
        return frames([prompt(f"p{i}") for i in range(n)], responses[:-1])

    return make


def test_open_verdicts_by_hand(stub, llm, panel, data) -> None:
    server = stub(lambda n, body: answer("never asked"))
    priced = llm(server, price_in=1.0, price_out=2.0, max_tokens=100, repeats=2)
    settings = panel(priced=priced, free=llm(server))
    # Three prompts, two models with equal texts, which share their verdicts.
    asked = judge_questions(*data(3), settings, SEED)
    known = {asked["priced"][0].key: {"prompt_tokens": 300, "output_tokens": 50}}
    first, second = plan_judges(asked, settings, known, ten)
    assert (first.who, first.done, first.requests) == ("judge priced", 1, 3 * 2 - 1)
    assert first.prompt_tokens == 5 * 249
    # From one token to the bound each, and half of it expected.
    assert first.output_tokens.expected == 5 * 50
    assert first.usd.high == pytest.approx((5 * 249 * 1.0 + 500 * 2.0) / 1e6)
    assert (second.requests, second.usd) == (3, None)
    assert server.calls == []


def test_before_there_are_responses_the_most_is_told(stub, llm, panel, data, prompt) -> None:
    server = stub(lambda n, body: answer("never asked"))
    settings = panel(j=llm(server, max_chars=400, repeats=3))
    [line] = plan_judges_ahead(data(2)[0], 4, settings, ten)
    assert line.requests == 2 * 4 * 3
    assert line.prompt_tokens == 24 * (9 + 240 + 100)
    # Two prompts have two pairs at most, each in both orders, with a second response.
    [line] = plan_judges_ahead(data(2)[0], 4, panel(j=llm(server, max_chars=400), pairs=5), ten)
    assert line.requests == 2 * 4 + 2 * 2
    assert line.prompt_tokens == 8 * (9 + 240 + 100) + 4 * (9 + 240 + 200)
    [alone] = plan_judges_ahead(data(2)[0], 1, panel(j=llm(server), pairs=5), ten)
    assert alone.requests == 2


def test_the_plan_names_as_many_requests_as_are_then_sent(
    stub, llm, panel, data, journal, prompt
) -> None:
    def script(n, body):
        content = body["messages"][0]["content"]
        tokens = 2 * count_tokens([content])[0]
        reply = json.loads(answer('{"reason": "r", "score": 5}').body)
        reply["usage"] = {"prompt_tokens": tokens, "completion_tokens": 40 + n % 3}
        return Reply(body=json.dumps(reply))

    server = stub(script)
    settings = panel(j=llm(server, price_in=1.0, price_out=1.0))
    frames = data(25)
    asked = judge_questions(*frames, settings, SEED)
    [before] = plan_judges(asked, settings, {}, count_tokens)
    judge(*frames, settings, journal, None)
    assert before.requests == len(server.calls) == 25
    known = journal.get_many([one.key for one in asked["j"]])
    told = sum(row["prompt_tokens"] for row in known.values()) / 2
    assert before.prompt_tokens == pytest.approx(0.93 * told, rel=0.1)
    more = judge_questions(*data(40), settings, SEED)
    [after] = plan_judges(more, settings, known, count_tokens)
    assert (after.done, after.requests, after.basis) == (25, 15, "25 answers")
    # Its own tokenizer counts twice as many, and that is known by now.
    assert after.prompt_tokens == pytest.approx(15 * 2 * told / 25, rel=0.05)
    assert after.output_tokens.expected == pytest.approx(15 * 41, rel=0.02)


@pytest.fixture
def told(root: Path, tmp_path: Path, monkeypatch, capsys):
    """What `routebalance plan` prints in a project with these settings of the stage judge."""

    def run(data, **settings) -> str:
        from pipeline.cli import main

        params = yaml.safe_load((root / "params.yaml").read_text())
        params["judge"] |= settings
        folder = tmp_path / "project"
        folder.mkdir()
        (folder / "params.yaml").write_text(yaml.safe_dump(params))
        monkeypatch.chdir(folder)
        write_rows(data[0], Path("data/prompts.parquet"), PROMPTS)
        write_rows(data[1], Path("data/responses.parquet"), RESPONSES)
        monkeypatch.setattr("sys.argv", ["routebalance", "plan"])
        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code == 0
        return capsys.readouterr().out

    return run


def test_the_command_counts_judges_and_names_their_cap(told, data) -> None:
    judge = {"endpoint": "http://127.0.0.1:9/v1", "model": "m", "price_in": 1.0, "price_out": 1.0}
    said = told(data(3), judges={"j": judge}, max_usd=0.0001)
    assert "judge j: 3 requests to send, 0 answers kept" in said
    assert "judge.max_usd 0.0001 may end the run before all is asked" in said
    assert "total: USD" in said


def test_the_command_never_reads_an_unknown_price_as_zero(told, data) -> None:
    said = told(data(3), judges={"j": {"endpoint": "http://127.0.0.1:9/v1", "model": "m"}})
    assert "USD unknown" in said
    assert "plus unknown (judge j)" in said
