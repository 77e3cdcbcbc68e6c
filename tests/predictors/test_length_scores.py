"""The tables of the length candidates: truth by hand, slow versions, and who is selected."""

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from pipeline.errors import DataError
from pipeline.params import LengthParams
from pipeline.predictors import (
    LEVELS,
    Distribution,
    Labelled,
    LengthCandidates,
    LengthPrediction,
    Prompts,
    fit_lengths,
    length_budgets,
    length_learning,
    length_scores,
    length_summary,
)
from pipeline.predictors.length._limits import limit_errors
from pipeline.predictors.length._loss import METRICS, judge_lengths, pinball_losses
from pipeline.rows import LEARNING, SCORES
from pipeline.statistics import pinball

Floats = NDArray[np.float64]

MODELS = ["a", "b"]
PARAMS = LengthParams(
    learner="auto",
    level=0.9,
    knn={"k": 5},
    quantile_xgboost=None,
    buckets=None,
    quantile_head=None,
)


def part(n: int, seed: int, repeats: int = 0) -> Labelled:
    """Prompts of two data sets in pairs of one group; the embedding says how long a answers."""
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(n, 3))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    shape = (n, 2, repeats) if repeats else (n, 2)
    centre = np.column_stack([5 + 2 * vectors[:, 0], np.full(n, 4.0)])
    noise = rng.normal(0, 0.3, shape)
    values = np.exp((centre[:, :, None] if repeats else centre) + noise)
    groups = [f"{seed}-{i // 2}" for i in range(n)]
    sets = [("even", "odd")[i % 2] for i in range(n)]
    ids = [f"{seed}-p{i}" for i in range(n)]
    return Labelled(ids, groups, sets, Prompts(vectors, ("text",) * n, tuple(sets)), values)


@pytest.fixture(scope="module")
def parts() -> dict[str, Labelled]:
    found = {
        name: part(n, seed)
        for seed, (name, n) in enumerate(
            [("train", 120), ("calibration", 80), ("validation", 60), ("test", 80)]
        )
    }
    found["test"].values[:10, 1] = np.nan
    return found


@pytest.fixture(scope="module")
def found(parts: dict[str, Labelled]) -> LengthCandidates:
    return fit_lengths(MODELS, parts["train"], parts["calibration"], parts["validation"], PARAMS, 0)


@pytest.fixture(scope="module")
def scores(found: LengthCandidates, parts: dict[str, Labelled]) -> pl.DataFrame:
    judged = {name: parts[name] for name in ("validation", "test")}
    return length_scores(found, judged, length_budgets(parts["train"].values), "emulated", 0)


def test_losses_are_those_of_the_statistics(
    found: LengthCandidates, parts: dict[str, Labelled]
) -> None:
    test = parts["test"]
    told = found.serving.predict(test.prompts)
    losses = pinball_losses(told, test.values)
    for row, column in [(0, 0), (20, 1), (79, 0)]:
        actual = [test.values[row, column]]
        each = [pinball(actual, [told.distribution.at(q)[row, column]], q) for q in LEVELS]
        assert losses[row, column] == pytest.approx(np.mean(each))
    assert np.isnan(losses[:10, 1]).all()


def test_metrics_of_repeats_by_hand() -> None:
    quantiles = np.tile([1.0, 10, 20, 30, 40, 50, 60, 70, 99], (1, 1, 1))
    told = LengthPrediction(np.array([[40.0]]), Distribution(quantiles), 0.9)
    one = Labelled(["p"], ["g"], ["d"], Prompts(np.ones((1, 1), dtype=np.float32)), np.empty(0))
    sampled = Labelled(
        one.prompt_ids, one.group_ids, one.datasets, one.prompts,
        np.array([[[5.0, 40.0, 70.0, np.nan]]]),
    )  # fmt: skip
    judged = dict(zip(METRICS, judge_lengths(told, sampled.values)[0, 0], strict=True))
    assert judged["coverage"] == pytest.approx(2 / 3)
    assert judged["width"] == 60
    assert judged["mae"] == pytest.approx((35 + 0 + 30) / 3)
    every = [
        pinball([y], [q], t)
        for y in (5, 40, 70)
        for q, t in zip(quantiles[0, 0], LEVELS, strict=True)
    ]
    assert judged["pinball"] == pytest.approx(np.mean(every))


def test_limit_errors_against_a_slow_version(
    found: LengthCandidates, parts: dict[str, Labelled]
) -> None:
    test, told = parts["test"], found.serving.predict(parts["test"].prompts)
    budgets = length_budgets(parts["train"].values)
    assert budgets.shape == (2, 9)
    errors = limit_errors(
        told, test, budgets, level=0.95, resamples=200, rng=np.random.default_rng(0)
    )
    means, worst = [], []
    for column in range(2):
        known = ~np.isnan(test.values[:, column])
        of_budgets = []
        for limit in budgets[column]:
            said = told.distribution.probability(np.array([[limit]]))[known, column].mean()
            of_budgets.append(abs(said - (test.values[known, column] <= limit).mean()))
        means.append(np.mean(of_budgets))
        worst.append(np.max(of_budgets))
    found_means = [one.estimate for one in errors["limit_error"]]
    assert found_means == pytest.approx([np.mean(means), *means])
    assert [one.estimate for one in errors["limit_error_worst"]] == pytest.approx(
        [np.max(worst), *worst]
    )
    assert [one.missing for one in errors["limit_error"]] == [10, 0, 10]
    assert all(one.low < one.high for one in errors["limit_error"])


def test_scores_are_whole_and_add_up(scores: pl.DataFrame, found: LengthCandidates) -> None:
    SCORES.check(scores, "scores")
    assert set(scores["split"]) == {"validation", "test"}
    assert set(scores["slice_kind"]) == {"all", "model", "dataset", "length"}
    assert found.selected == "knn"
    assert set(scores.filter("selected")["candidate"]) == {"knn"}
    alone = scores.filter(candidate="knn", split="test", metric="pinball", versus="none")
    whole = alone.filter(slice_kind="all").row(0, named=True)
    assert (whole["n"], whole["missing"], whole["clusters"]) == (150, 10, 40)
    for kind in ("model", "dataset", "length"):
        cut = alone.filter(slice_kind=kind)
        assert cut["n"].sum() == 150
        assert cut["missing"].sum() == 10
        mean = (cut["estimate"] * cut["n"]).sum() / 150
        assert mean == pytest.approx(whole["estimate"])
    against = scores.filter(candidate="knn", split="test", versus="model_mean", slice_kind="all")
    other = scores.filter(
        candidate="model_mean", split="test", metric="pinball", versus="none", slice_kind="all"
    )
    assert against["estimate"][0] == pytest.approx(whole["estimate"] - other["estimate"][0])
    assert against["high"][0] < 0
    covered = scores.filter(pl.col("metric") == "coverage")
    assert covered["high"].max() <= 1


def test_the_candidate_that_loses_least_is_selected(
    found: LengthCandidates, parts: dict[str, Labelled]
) -> None:
    assert list(found.losses) == ["model_mean", "knn"]
    assert found.losses["knn"] < found.losses["model_mean"]
    named = PARAMS.model_copy(update={"learner": "model_mean"})
    forced = fit_lengths(
        MODELS, parts["train"], parts["calibration"], parts["validation"], named, 0
    )
    assert forced.selected == "model_mean"
    empty = part(20, 9)
    empty.values[:] = np.nan
    with pytest.raises(DataError, match="to select by"):
        fit_lengths(MODELS, parts["train"], parts["calibration"], empty, PARAMS, 0)


def test_the_summary_is_of_the_selected_one(scores: pl.DataFrame) -> None:
    told = length_summary(scores)
    assert list(told) == ["knn"]
    assert set(told["knn"]) == {"all", *MODELS}
    assert {"n", "pinball", "coverage", "coverage_low", "coverage_high"} <= set(told["knn"]["a"])


def test_a_curve_falls_and_ends_where_the_scores_are(
    found: LengthCandidates, parts: dict[str, Labelled], scores: pl.DataFrame
) -> None:
    curve = length_learning(
        found, parts["train"], parts["calibration"], parts["test"], PARAMS, "emulated", 0
    )
    LEARNING.check(curve, "curve")
    whole = curve.filter(dataset="all", candidate="knn").sort("share")
    assert whole["share"].to_list() == [0.1, 0.25, 0.5, 1.0]
    assert whole["trained_on"].to_list()[-1] == 120
    assert (whole["trained_on"].diff().drop_nulls() > 0).all()
    assert whole["estimate"][-1] < whole["estimate"][0]
    last = scores.filter(
        candidate="knn", split="test", metric="pinball", versus="none", slice_kind="all"
    )
    assert whole["estimate"][-1] == pytest.approx(last["estimate"][0])
    sets = curve.filter(pl.col("dataset") != "all", candidate="knn", share=1.0)
    assert sets["trained_on"].sum() == 120


def test_repeats_tell_how_much_is_noise() -> None:
    parts = [part(n, seed, repeats=6) for seed, n in enumerate((120, 80, 60))]
    found = fit_lengths(MODELS, parts[0], parts[1], parts[2], PARAMS, 0)
    scores = length_scores(
        found, {"test": part(300, 5, repeats=6)}, length_budgets(parts[0].values), "recorded", 0
    )
    SCORES.check(scores, "scores")
    noise = {row["slice"]: row for row in scores.filter(metric="noise_share").to_dicts()}
    # Variance of noise 0.09; between prompts 4 / 3 for a (a coordinate on the sphere), 0 for b.
    assert noise["a"]["low"] < 0.09 / (0.09 + 4 / 3) < noise["a"]["high"]
    assert noise["b"]["estimate"] > 0.95
    covered = scores.filter(candidate="knn", metric="coverage", slice_kind="model", versus="none")
    assert (covered["estimate"] > 0.82).all()
