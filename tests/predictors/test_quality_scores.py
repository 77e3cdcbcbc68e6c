"""Rows of the scores of a quality candidate: what they hold, on which rows, and how fast."""

import time

import numpy as np
import polars as pl
import pytest

from pipeline.errors import DataError
from pipeline.predictors import Labelled, Prompts
from pipeline.predictors._rows import scores_frame
from pipeline.predictors.quality._scores import quality_score_rows, reliability_rows
from pipeline.rows import RELIABILITY, SCORES
from pipeline.statistics import auc_within_prompt, brier, ece

MODELS = ["a", "b", "c", "d"]
METRICS = {
    "brier",
    "brier_reliability",
    "brier_resolution",
    "brier_uncertainty",
    "ece",
    "auc_within_prompt",
}
TOLD = {"split": "test", "label": "recorded", "level": 0.95, "resamples": 200, "seed": 1}


def _labelled(n: int = 120, seed: int = 0) -> tuple[np.ndarray, Labelled]:
    rng = np.random.default_rng(seed)
    predicted = rng.uniform(0.1, 0.9, (n, 4))
    values = (rng.random((n, 4)) < predicted).astype(float)
    values[rng.random((n, 4)) < 0.1] = np.nan
    texts = tuple("x" * int(size) for size in rng.integers(5, 400, n))
    datasets = ["rare" if row < 5 else f"set{row % 2}" for row in range(n)]
    prompts = Prompts(np.zeros((n, 2), dtype=np.float32), texts, tuple(datasets))
    ids, groups = [f"p{row}" for row in range(n)], [f"g{row // 2}" for row in range(n)]
    return predicted, Labelled(ids, groups, datasets, prompts, values)


def _rows(predicted: np.ndarray, labelled: Labelled, **more: object) -> pl.DataFrame:
    told = {**TOLD, **more}
    return pl.DataFrame(
        quality_score_rows("knn", predicted, labelled, MODELS, **told), infer_schema_length=None
    )


def _one(rows: pl.DataFrame, kind: str, name: str, metric: str) -> dict[str, object]:
    [found] = rows.filter(slice_kind=kind, slice=name, metric=metric).to_dicts()
    return found


def test_the_whole_by_the_plain_metrics() -> None:
    predicted, labelled = _labelled()
    known = ~np.isnan(labelled.values)
    told, truth = predicted[known], labelled.values[known]
    rows = _rows(predicted, labelled)
    found = _one(rows, "all", "all", "brier")
    assert found["estimate"] == pytest.approx(brier(told, truth))
    assert (found["n"], found["missing"]) == (int(known.sum()), int((~known).sum()))
    assert found["low"] < found["estimate"] < found["high"]
    assert found["clusters"] == 60
    auc = _one(rows, "all", "all", "auc_within_prompt")
    prompt = np.nonzero(known)[0]
    assert (auc["estimate"], auc["n"]) == pytest.approx(auc_within_prompt(told, truth, prompt))
    assert _one(rows, "all", "all", "ece")["estimate"] <= ece(told, truth)[0]
    parts = {metric: _one(rows, "all", "all", metric)["estimate"] for metric in METRICS}
    assert parts["brier"] == pytest.approx(
        parts["brier_reliability"] - parts["brier_resolution"] + parts["brier_uncertainty"]
    )


def test_slices_hold_their_own_rows() -> None:
    predicted, labelled = _labelled()
    rows = _rows(predicted, labelled)
    known = ~np.isnan(labelled.values[:, 1])
    assert _one(rows, "model", "b", "brier")["estimate"] == pytest.approx(
        brier(predicted[known, 1], labelled.values[known, 1])
    )
    sizes = rows.filter(metric="brier").group_by("slice_kind").agg(pl.col("n", "missing").sum())
    assert sizes["n"].n_unique() == 1
    assert sizes["missing"].n_unique() == 1
    thirds = rows.filter(slice_kind="length", metric="brier")
    assert thirds["slice"].to_list() == ["short", "middle", "long"]
    assert rows.filter(slice_kind="model", metric="auc_within_prompt").is_empty()
    assert set(rows.filter(slice_kind="dataset", slice="set0")["metric"]) == METRICS


def test_few_labels_have_a_point_and_no_interval() -> None:
    rows = _rows(*_labelled()).filter(slice="rare")
    assert rows.height == len(METRICS)
    assert rows["low"].is_null().all()
    assert rows["estimate"].is_not_null().all()
    assert set(rows["method"]) == {"degenerate: fewer than 30 labels"}


def test_a_model_without_labels_has_no_rows() -> None:
    predicted, labelled = _labelled()
    labelled.values[:, 2] = np.nan
    assert "c" not in _rows(predicted, labelled)["slice"].to_list()
    assert "c" not in {
        row["model"] for row in reliability_rows("k", predicted, labelled, MODELS, level=0.9)
    }


def test_rows_fit_their_schemas_and_repeat() -> None:
    predicted, labelled = _labelled()
    found = [quality_score_rows("knn", predicted, labelled, MODELS, **TOLD) for _ in range(2)]
    assert found[0] == found[1]
    SCORES.check(scores_frame(found[0], "knn"), "scores")
    bins = reliability_rows("knn", predicted, labelled, MODELS, level=0.9)
    RELIABILITY.check(RELIABILITY.frame(bins), "bins")
    counted = pl.DataFrame(bins).group_by("model").agg(pl.col("n").sum())
    sizes = dict(counted.iter_rows())
    assert sizes.pop("all") == sum(sizes.values()) == int((~np.isnan(labelled.values)).sum())


def test_bad_shapes_and_no_labels_are_refused() -> None:
    predicted, labelled = _labelled()
    with pytest.raises(DataError, match=r"shape \(120, 3\)"):
        _rows(predicted[:, :3], labelled)
    labelled.values[:] = np.nan
    with pytest.raises(DataError, match="no prompt of this split"):
        _rows(predicted, labelled)


def test_eight_candidates_take_seconds() -> None:
    predicted, labelled = _labelled(300)
    _rows(predicted, labelled)
    start = time.process_time()
    _rows(predicted, labelled, resamples=1000)
    assert time.process_time() - start < 1.0
