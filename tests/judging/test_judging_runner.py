"""Rules, similarity and recorded labels through the runner; counts and agreement."""

import numpy as np
import polars as pl
import pytest

from pipeline.errors import DataError
from pipeline.judging import agreement, judge, judge_counts
from pipeline.params import JudgeParams
from pipeline.rows import JUDGEMENTS

RULES_ONLY = JudgeParams(similarity=False, llm=None)


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
    settings = JudgeParams(similarity=True, llm=None)
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


def _rows(source: str, scores: list[float | None]) -> list[dict[str, object]]:
    return [
        {
            "prompt_id": f"p{i}",
            "model": "m",
            "metric": "x",
            "quality_source": source,
            "score": score,
            "reason": None,
            "failure": None,
            "truncated": False,
        }
        for i, score in enumerate(scores)
    ]


def test_agreement_by_hand() -> None:
    rows = JUDGEMENTS.frame(
        _rows("a", [0.0, 0.5, 1.0, None])
        + _rows("b", [0.0, 0.25, 1.0, 0.5])
        + _rows("c", [0.5, 0.5, 0.5])
        + _rows("d", [0.1, 0.2])
    )
    found = {(row[0], row[1]): row[2:] for row in agreement(rows).iter_rows()}
    # a - mean = (-1/2, 0, 1/2), b - mean = (-5, -2, 7)/12: r = 0.5 / sqrt(0.5 * 78/144)
    assert found["a", "b"] == pytest.approx((3, 0.5 / (0.5 * 78 / 144) ** 0.5, 1.0))
    assert found["a", "c"] == (3, None, None)
    assert found["a", "d"] == (2, None, None)


def test_a_source_that_varies_by_rounding_only_is_constant() -> None:
    rows = JUDGEMENTS.frame(_rows("a", [0.0, 0.5, 1.0]) + _rows("b", [0.1 + 0.2, 0.3, 0.3]))
    assert agreement(rows).row(0) == ("a", "b", 3, None, None)
