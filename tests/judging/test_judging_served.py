"""Served text judged on a sample: who is drawn, who judges, and what is set against what."""

from pathlib import Path

import polars as pl
import pytest
import yaml

from pipeline.errors import DataError
from pipeline.judging import (
    judge,
    judge_served,
    sample_served,
    served_quality,
    served_quality_lines,
)
from pipeline.rows import JUDGEMENTS, PROMPTS, SERVED, SERVED_JUDGEMENTS
from pipeline.schema import read_rows, write_rows
from tests.stub_server import answer


def _served(texts: list[tuple[str, str, str]]) -> pl.DataFrame:
    """SERVED rows of (prompt, model, text), numbered as requests."""
    return SERVED.frame(
        {
            "traffic": "steady",
            "arm": "a",
            "rate": 1.0,
            "seed": 0,
            "request_id": number,
            "prompt_id": prompt_id,
            "model": model,
            "response_text": text,
            "label": "emulated",
        }
        for number, (prompt_id, model, text) in enumerate(texts)
    )


def test_a_sample_is_stratified_by_model_and_draws_no_pair_twice() -> None:
    texts = [(f"p{i % 60}", "often", "x") for i in range(90)]
    texts += [(f"p{i}", "seldom", "x") for i in range(30)]
    served = _served(texts)
    sample = sample_served(served, 20, seed=1)
    assert dict(sample.group_by("model").len().iter_rows()) == {"often": 15, "seldom": 5}
    assert not sample.select("prompt_id", "model").is_duplicated().any()
    assert sample.equals(sample_served(served.reverse(), 20, seed=1))
    assert not sample.equals(sample_served(served, 20, seed=2))
    assert sample_served(served, 1000, seed=1).height == 90


def test_nothing_served_is_nothing_to_judge() -> None:
    with pytest.raises(DataError, match="no text was served"):
        sample_served(_served([]), 5, seed=1)


@pytest.fixture
def data(prompt, response, frames):
    """Four prompts with the right answer 4, which model m got right offline."""
    return frames(
        [prompt(f"p{i}") for i in range(4)],
        [response(f"p{i}", "so it is 4", model="m") for i in range(4)],
    )


def test_the_same_rules_and_judges_and_a_paired_difference(stub, llm, panel, data, journal) -> None:
    def script(n, body):
        wrong = "so it is 5" in body["messages"][0]["content"]
        return answer('{"reason": "r", "score": 2}' if wrong else '{"reason": "r", "score": 8}')

    server = stub(script)
    settings = panel(j=llm(server))
    offline = judge(*data, settings, journal, None)
    asked = len(server.calls)
    texts = [("p0", "m", "so it is 4"), ("p1", "m", "so it is 5"), ("p2", "m", "so it is 4")]
    rows = judge_served(_served(texts), data[0], settings, journal, None)
    assert rows.filter(quality_source="task_metric")["score"].to_list() == [1.0, 0.0, 1.0]
    assert len(server.calls) == asked + 1  # two texts had been judged offline
    table = served_quality(rows, offline, data[0], seed=1)
    found = {(row["quality_source"], row["model"]): row for row in table.to_dicts()}
    by_rule, by_judge = found["task_metric", "all"], found["g_eval:j", "m"]
    assert (by_rule["served"], by_rule["offline"]) == (pytest.approx(2 / 3), 1.0)
    assert by_rule["estimate"] == pytest.approx(-1 / 3)
    assert by_judge["estimate"] == pytest.approx(-0.2)
    assert (by_judge["n"], by_judge["clusters"], by_judge["missing"]) == (3, 3, 0)
    assert by_judge["low"] <= by_judge["estimate"] <= by_judge["high"]
    lines = list(served_quality_lines(table))
    assert "g_eval:j/g_eval, m: served 0.6000, offline 0.8000, difference -0.2000 (" in "\n".join(
        lines
    )


def test_a_pair_without_an_offline_score_is_left_out(stub, panel, data, journal, prompt) -> None:
    prompts = PROMPTS.frame([*data[0].to_dicts(), prompt("bare", reference=None)])
    offline = judge(*data, panel(), journal, None)
    none = offline.with_columns(
        pl.when(pl.col("prompt_id") == "p0").then(None).otherwise("score").alias("score")
    )
    rows = judge_served(
        _served([("p0", "m", "4"), ("p1", "m", "4")]), prompts, panel(), journal, None
    )
    table = served_quality(rows, none, prompts, seed=1)
    assert table.row(0, named=True)["missing"] == 1
    assert table.row(0, named=True)["n"] == 1
    alone = served_quality(rows, offline.clear(), prompts, seed=1)
    assert alone.is_empty()


def test_the_command(data, panel, journal, root: Path, tmp_path: Path, monkeypatch, capsys) -> None:
    from pipeline.cli import main

    params = yaml.safe_load((root / "params.yaml").read_text())
    params["judge"]["similarity"] = False
    project = tmp_path / "project"
    project.mkdir()
    (project / "params.yaml").write_text(yaml.safe_dump(params))
    monkeypatch.chdir(project)
    write_rows(data[0], Path("data/prompts.parquet"), PROMPTS)
    write_rows(judge(*data, panel(), journal, None), Path("data/judgements.parquet"), JUDGEMENTS)
    texts = _served([("p0", "m", "4"), ("p1", "m", "5"), ("p1", "m", "5")])
    write_rows(texts, Path("texts.parquet"), SERVED)
    monkeypatch.setattr("sys.argv", ["routebalance", "judge", "served", "texts.parquet"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
    said = capsys.readouterr().out
    assert said.startswith("2 texts, emulated: texts.judged.parquet\n")
    assert "task_metric/final_number, m: served 0.5000, offline 1.0000" in said
    rows = read_rows(Path("texts.judged.parquet"), SERVED_JUDGEMENTS)
    assert rows["score"].to_list() == [1.0, 0.0]
