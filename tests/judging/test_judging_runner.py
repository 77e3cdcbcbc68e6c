"""Rules, similarity and recorded labels through the runner; counts and agreement."""

import numpy as np
import polars as pl
import pytest

from pipeline.errors import DataError
from pipeline.judging import judge, judge_counts
from pipeline.params import JudgeParams

OFF = {"judges": {}, "audit": {"position_pairs": 0}, "max_usd": None}
RULES_ONLY = JudgeParams.model_validate(OFF | {"similarity": False})


def test_labels_and_other_rules_have_their_own_sources(prompt, response, frames, journal) -> None:
    rows = judge(
        *frames([prompt(task="span", reference="Paris")], [response(text="Paris, France")]),
        RULES_ONLY,
        journal,
        None,
    )
    found = {row["quality_source"]: (row["metric"], row["score"]) for row in rows.to_dicts()}
    assert found["task_metric"] == ("answer_match", 1.0)
    assert found["task_metric:squad_em"] == ("squad_em", 0.0)
    assert found["task_metric:squad_f1"][1] == pytest.approx(2 / 3)


def test_a_true_zero_is_no_failure_and_a_failure_no_zero(prompt, response, frames, journal) -> None:
    prompts = [prompt("wrong"), prompt("empty"), prompt("failed"), prompt("bare", reference=None)]
    responses = [
        response("wrong", "5"),
        response("empty", ""),
        response("failed", None, status="error", error="timeout"),
        response("bare", "4"),
    ]
    rows = judge(*frames(prompts, responses), RULES_ONLY, journal, None)
    scores = dict(rows.select("prompt_id", "score").iter_rows())
    assert scores == {"wrong": 0.0, "empty": 0.0, "failed": None, "bare": None}
    failures = dict(rows.select("prompt_id", "failure").iter_rows())
    assert "timeout" in failures["failed"]
    assert failures["wrong"] is None
    counts = judge_counts(rows)
    (only,) = counts.values()
    assert (only["rows"], only["scored"], only["failed"], only["zeros"]) == (4, 2, 2, 2)
    assert only["mean"] == 0.0


def test_a_reference_without_a_number_is_no_zero(prompt, response, frames, journal) -> None:
    data = frames([prompt(reference="unknown")], [response()])
    (row,) = judge(*data, RULES_ONLY, journal, None).to_dicts()
    assert (row["score"], row["failure"]) == (None, "the reference text holds no number")


def test_recorded_labels_pass_through(prompt, response, frames, journal) -> None:
    prompts = [prompt("a", "recorded", None), prompt("b", "recorded", None)]
    label = {"recorded_quality": 0.0, "recorded_quality_source": "gpt4", "status": "label_only"}
    responses = [response("a", None, **label), response("b", "text")]
    rows = judge(*frames(prompts, responses), RULES_ONLY, journal, None)
    (row,) = rows.to_dicts()
    assert (row["metric"], row["quality_source"], row["score"]) == ("recorded", "gpt4", 0.0)
    assert len(journal) == 0


def test_similarity_embeds_each_text_once(prompt, response, frames, journal) -> None:
    asked: list[list[str]] = []

    def embed(texts: list[str]) -> np.ndarray:
        asked.append(texts)
        vectors = np.zeros((len(texts), 384), dtype=np.float32)
        vectors[np.arange(len(texts)), [len(text) for text in texts]] = 1
        return vectors

    prompts = [prompt("a", "fact", "Rome"), prompt("b", "fact", "Rome")]
    data = frames(prompts, [response("a", "Oslo"), response("b", "Rome!")])
    settings = JudgeParams.model_validate(OFF | {"similarity": True})
    first = judge(*data, settings, journal, embed)
    assert asked == [["Oslo", "Rome", "Rome!"]]
    close = first.filter(pl.col("metric") == "similarity")
    assert close["score"].to_list() == [1.0, 0.0]
    assert set(close["quality_source"]) == {"similarity:minilm"}
    assert judge(*data, settings, journal, embed).equals(first)
    assert len(asked) == 1


def test_a_second_run_takes_all_from_the_journal(
    prompt, response, frames, journal, capsys, monkeypatch
) -> None:
    data = frames([prompt()], [response()])
    first = judge(*data, RULES_ONLY, journal, None)
    capsys.readouterr()
    monkeypatch.setattr("pipeline.judging._rule_metric.RULES", {})  # judging again would fail
    assert judge(*data, RULES_ONLY, journal, None).equals(first)
    assert capsys.readouterr().err == "judge: 1 rows, 1 from the journal, 0 failed\n"


def test_an_orphan_response_is_refused(prompt, response, frames, journal) -> None:
    with pytest.raises(DataError, match="'other'"):
        judge(*frames([prompt()], [response("other")]), RULES_ONLY, journal, None)
