"""What a plan says, against sums by hand."""

import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pipeline.collecting import PlanLine, Range, Total, asked_of, plan_collect
from pipeline.collecting._plan import FEWEST_ANSWERS, expected_output
from pipeline.errors import DataError
from pipeline.journal import Journal, read_journal
from pipeline.rows import PROMPTS, RESPONSES
from pipeline.schema import write_rows
from tests.collecting.chat_stub import ChatStub, Said
from tests.collecting.live_cases import collected, count_words, live, prompts

FREE: dict[str, Any] = {"price_in": 0.0, "price_out": 0.0}


def test_without_answers_the_bound_of_tokens_says_it_all() -> None:
    settings = live("http://h", {"price_in": 2.0, "price_out": 10.0})
    asked = asked_of(prompts("one two three four", "five six"), settings, count_words)
    [line] = plan_collect(asked, settings, {})
    # 0.93 tokens a word, rounded: 4 and 2. Output: 1 to 16 tokens each, 8 expected.
    assert line == PlanLine(
        "collect m", 0, 2, 6, Range(2, 16, 32), "bound of 16 tokens",
        Range((6 * 2 + 2 * 10) * 1e-6, (6 * 2 + 16 * 10) * 1e-6, (6 * 2 + 32 * 10) * 1e-6),
    )  # fmt: skip


def test_answers_of_the_model_replace_the_bound() -> None:
    texts = [f"{number} b c d" for number in range(30)]
    settings = live("http://h", {"price_in": 1.0, "price_out": 1.0})
    asked = asked_of(prompts(*texts), settings, count_words)
    # 20 answers of 4 or 8 tokens in turn, whose prompts had 10 tokens where 4 were estimated.
    known = {
        one.question.key: {"prompt_tokens": 10, "output_tokens": 4 if number % 2 else 8}
        for number, one in enumerate(asked[:20])
    }
    [line] = plan_collect(asked, settings, known)
    assert (line.done, line.requests, line.basis) == (20, 10, "20 answers")
    assert line.prompt_tokens == pytest.approx(100.0)
    # Mean 6; variance 20 * 4 / 19; ten draws and a mean of twenty: 10 + 100 / 20 variances.
    spread = 1.645 * np.sqrt(15 * 80 / 19)
    assert line.output_tokens.expected == pytest.approx(60.0)
    assert line.output_tokens.low == pytest.approx(60.0 - spread)
    assert line.output_tokens.high == pytest.approx(60.0 + spread)
    assert line.usd is not None
    assert line.usd.high == pytest.approx((100 + 60.0 + spread) * 1e-6)


def test_nothing_left_costs_nothing() -> None:
    settings = live("http://h", FREE)
    asked = asked_of(prompts("a", "b"), settings, count_words)
    known = {one.question.key: {"prompt_tokens": 1, "output_tokens": 1} for one in asked}
    [line] = plan_collect(asked, settings, known)
    assert (line.done, line.requests, line.prompt_tokens) == (2, 0, 0)
    assert line.output_tokens == line.usd == Range(0, 0, 0)


def test_a_prompt_that_stands_twice_is_sent_once() -> None:
    settings = live("http://h", FREE)
    [line] = plan_collect(asked_of(prompts("a b", "a b"), settings, count_words), settings, {})
    assert (line.requests, line.prompt_tokens) == (1, 2)


def test_an_unknown_price_is_unknown_in_the_line_and_in_the_total() -> None:
    models = {"a": {"endpoint": "http://h", "price_in": 1.0}, "b": {"endpoint": "http://h"} | FREE}
    settings = live("http://h", models=models)
    lines = plan_collect(asked_of(prompts("a"), settings, count_words), settings, {})
    assert [line.usd for line in lines] == [None, Range(0, 0, 0)]
    assert Total.of(lines) == Total(Range(0, 0, 0), ("collect a",))
    # Who has nothing to be asked costs nothing, whatever its price.
    done = PlanLine("collect a", 1, 0, 0, Range(0, 0, 0), "", None)
    assert Total.of([done]).unknown == ()


@given(
    st.lists(st.integers(1, 64), max_size=60),
    st.integers(0, 1000),
)
def test_a_range_is_ordered_and_within_the_bound(lengths: list[int], requests: int) -> None:
    found = expected_output(lengths, requests, 64)
    assert requests <= found.low <= found.expected + 1e-6
    assert found.expected <= found.high + 1e-6 <= 64 * requests + 2e-6


def test_the_range_holds_the_total_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    inside = 0
    for _ in range(400):
        seen, to_come = rng.integers(50, 150, 40), rng.integers(50, 150, 200)
        found = expected_output(seen.tolist(), 200, 1000)
        inside += found.low <= to_come.sum() <= found.high
    # 90 % asked for; 400 trials spread by 1.5 points.
    assert 0.84 <= inside / 400 <= 0.95
    assert FEWEST_ANSWERS <= 40


def plan_said(folder: Path, root: Path) -> str:
    command = [sys.executable, "-c", "from pipeline.cli import main; main()", "plan"]
    environment = {"PYTHONPATH": str(root), "PATH": ""}
    ended = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_the_command_reads_the_project_and_asks_nobody(tmp_path: Path, root: Path) -> None:
    values = yaml.safe_load((root / "params.yaml").read_text())
    assert "asks no endpoint" in _said_with(values, tmp_path, root)
    priced = {"endpoint": "http://127.0.0.1:9", "price_in": 1000.0, "price_out": 1000.0}
    models = dict.fromkeys(("emu-3b", "emu-7b", "emu-14b", "emu-72b"), priced)
    live = {"models": models, "sampling": {"max_tokens": 100}, "max_usd": 0.5}
    values["collect"] = {"source": "live", "live": live}
    said = _said_with(values, tmp_path, root)
    # Two prompts to four models: 2 to 200 output tokens each, at 0.001 USD a token.
    assert "collect emu-3b: 2 requests to send, 0 answers kept" in said
    assert "2 / 100 / 200 output tokens (bound of 100 tokens)" in said
    assert "collect.live.max_usd 0.5 may end the run before all is asked" in said
    live["max_usd"] = None
    models["emu-72b"] = {"endpoint": "http://127.0.0.1:9"}
    said = _said_with(values, tmp_path, root)
    assert "USD unknown" in said
    assert "plus unknown (collect emu-72b)" in said


def test_judges_of_responses_that_are_still_to_come_are_planned_for_all(
    tmp_path: Path, root: Path
) -> None:
    values = yaml.safe_load((root / "params.yaml").read_text())
    here = {"endpoint": "http://127.0.0.1:9"}
    models = dict.fromkeys(("emu-3b", "emu-7b", "emu-14b", "emu-72b"), here)
    values["collect"] = {
        "source": "live",
        "live": {"models": models, "sampling": {"max_tokens": 9}},
    }
    values["judge"]["judges"] = {"j": here | {"model": "m"}}
    # Responses of an earlier collection lie there; they say nothing of those that are asked for.
    write_rows(RESPONSES.frame([]), tmp_path / "data/responses.parquet", RESPONSES)
    said = _said_with(values, tmp_path, root)
    assert "responses are still to come" in said
    assert "judge j: 8 requests to send" in said


def _said_with(values: dict[str, Any], folder: Path, root: Path) -> str:
    (folder / "params.yaml").write_text(yaml.safe_dump(values))
    write_rows(prompts("2 + 2?", "3 + 3?"), folder / "data/prompts.parquet", PROMPTS)
    return plan_said(folder, root)


def test_a_journal_is_read_while_a_run_holds_it(tmp_path: Path) -> None:
    path = tmp_path / "collect.sqlite"
    assert read_journal(path, ["a"]) == {}
    with Journal(path) as journal:
        journal.put("a", {"n": 1})
        assert read_journal(path, ["a", "b"]) == {"a": {"n": 1}}
    assert read_journal(path, ["a", "b"]) == {"a": {"n": 1}}


def test_what_is_no_journal_is_said(tmp_path: Path) -> None:
    path = tmp_path / "collect.sqlite"
    path.write_text("no database, but long enough to be read as one " * 30)
    with pytest.raises(DataError, match="not a readable journal"):
        read_journal(path, ["a"])
    path.unlink()
    sqlite3.connect(path).close()
    with pytest.raises(DataError, match="no such table"):
        read_journal(path, ["a"])


def test_a_plan_foretells_what_is_then_sent(tmp_path: Path) -> None:
    texts = prompts(*(f"prompt {number}" for number in range(25)))
    with ChatStub(lambda *_: Said()) as stub:
        settings = live(stub.url, FREE)
        [before] = plan_collect(asked_of(texts, settings, count_words), settings, {})
        rows = collected(texts, settings, tmp_path)
    assert before.requests == len(stub.bodies) == 25
    assert before.output_tokens.low <= rows["output_tokens"].sum() <= before.output_tokens.high
