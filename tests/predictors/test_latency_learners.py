"""Candidates for the latency of a tier: hand-worked, stored, and served as they predict."""

from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import DataError, ModelError
from pipeline.fleet import Limits, StepTime
from pipeline.predictors import FEATURES, LEVELS, TARGETS, AnalyticTimes, latency_features
from pipeline.predictors.learners.latency import (
    LATENCY_LEARNERS,
    Analytic,
    Linear,
    QuantileXgboost,
    Static,
    TierConstant,
    TierLearner,
    Xgboost,
    load_tier_learner,
)
from pipeline.stored import write_stored

STEP = StepTime.roofline(w=10.0, c=0.1, e=5.0, f=0.05, d=1e-4, q=1e-6)
LIMITS = Limits(kv_tokens=16_000, max_num_seqs=16, max_batched_tokens=512)
TREES = {"max_depth": 3, "learning_rate": 0.3}
MIDDLE = LEVELS.index(0.5)


def states(n: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    running, waiting = rng.integers(0, 16, n).astype(float), rng.integers(0, 4, n).astype(float)
    context = 200.0 * running
    return latency_features(
        running, waiting, 100.0 * waiting, 90.0 * (running + waiting), context, context / 16_000,
        rng.integers(1, 400, n).astype(float), rng.lognormal(4.5, 0.8, n),
    )  # fmt: skip


def seconds(features: np.ndarray, seed: int) -> np.ndarray:
    """Both times grow with the running sequences; their scatter grows as well."""
    rng = np.random.default_rng(seed)
    running = features[:, 0].astype(float)
    scatter = np.exp((0.05 + 0.03 * running)[:, None] * rng.normal(size=(len(features), 2)))
    return np.column_stack([0.05 + 0.01 * running, 0.02 + 0.001 * running]) * scatter


def every(seed: int = 0) -> dict[str, TierLearner]:
    features = states(1500, seed)
    values = seconds(features, seed + 1)
    values[:7, 1] = np.nan
    learners: list[TierLearner] = [
        TierConstant(), Static((0.05, 0.02)), Analytic(STEP, LIMITS), Linear(1.0),
        Xgboost(30, TREES, 1), QuantileXgboost(30, TREES, 1),
    ]  # fmt: skip
    return {one.name: one.fit(list(TARGETS), features, values) for one in learners}


@pytest.fixture(scope="module")
def fitted() -> dict[str, TierLearner]:
    return every()


def test_every_learner_has_its_name(fitted: dict[str, TierLearner]) -> None:
    assert set(fitted) == set(LATENCY_LEARNERS)


@pytest.mark.parametrize("name", LATENCY_LEARNERS)
def test_forecasts_are_positive_and_in_order(fitted: dict[str, TierLearner], name: str) -> None:
    features, learner = states(60, 5), fitted[name]
    told = learner.predict_distribution(features).values
    assert learner.predict(features).shape == (60, 2)
    assert told.shape == (60, 2, len(LEVELS))
    assert told.min() > 0
    assert (np.diff(told, axis=2) >= 0).all()


@pytest.mark.parametrize("name", LATENCY_LEARNERS)
def test_a_learner_survives_the_disk(
    fitted: dict[str, TierLearner], name: str, tmp_path: Path
) -> None:
    features = states(60, 5)
    fitted[name].save(tmp_path / "one")
    stored = load_tier_learner(tmp_path / "one")
    assert stored.name == name
    assert stored.columns_ == list(TARGETS)
    assert np.array_equal(stored.predict(features), fitted[name].predict(features))
    told, expected = (one.predict_distribution(features).values for one in (stored, fitted[name]))
    assert np.array_equal(told, expected)


@pytest.mark.parametrize("name", LATENCY_LEARNERS)
def test_what_is_served_is_what_is_predicted(fitted: dict[str, TierLearner], name: str) -> None:
    """Rows of two tiers in one call, against one call per tier."""
    learners = [fitted[name], every(seed=9)[name]]
    features, tier = states(80, 6), np.random.default_rng(7).integers(0, 2, 80)
    served = np.stack(type(learners[0]).stack(learners).predict(features, tier), axis=1)
    for place, learner in enumerate(learners):
        here = tier == place
        assert served[here] == pytest.approx(learner.predict(features[here]), rel=1e-12)


def test_constants_are_quantiles_of_what_is_known() -> None:
    values = np.array([[1.0, np.nan], [2.0, 5.0], [9.0, 5.0]])
    learner = TierConstant().fit(list(TARGETS), states(3, 0), values)
    assert learner.predict(states(2, 1)).tolist() == [[2.0, 5.0]] * 2
    told = learner.predict_distribution(states(1, 1)).at(0.75)
    assert told.tolist() == [[5.5, 5.0]]


@pytest.mark.parametrize("learner", [TierConstant(), Linear(1.0), Xgboost(2, TREES, 1)])
def test_a_target_nobody_saw_is_refused(learner: TierLearner) -> None:
    values = np.column_stack([np.ones(5), np.full(5, np.nan)])
    with pytest.raises(DataError, match="'tpot_s' has no known value"):
        learner.fit(list(TARGETS), states(5, 0), values)


def test_the_queue_model_is_told_of_the_whole_state() -> None:
    features = states(40, 3).astype(float)
    observed = (features[:, place].copy() for place in (0, 1, 2, 3, 4, 6, 7))
    alone = np.zeros(40, dtype=np.int64)
    expected = AnalyticTimes.of([STEP], [LIMITS]).predict(alone, *observed)
    told = Analytic(STEP, LIMITS).predict(states(40, 3))
    assert told == pytest.approx(np.stack(expected, axis=1), rel=1e-12)


def test_a_line_over_logs_is_found() -> None:
    features = states(2000, 4)
    log = np.log1p(features.astype(float))
    truth = np.exp(-3.0 + 0.4 * log[:, 0] + 0.2 * log[:, 6])
    learner = Linear(1e-6).fit(list(TARGETS), features, np.column_stack([truth, 2 * truth]))
    assert learner.predict(features) == pytest.approx(np.column_stack([truth, 2 * truth]), rel=1e-4)
    spread = learner.predict_distribution(features).values
    assert spread[:, :, 0] == pytest.approx(spread[:, :, -1], rel=1e-4)


def test_quantiles_follow_a_scatter_that_grows() -> None:
    learner, features = every()["quantile_xgboost"], states(4000, 11)
    told, actual = learner.predict_distribution(features), seconds(features, 12)
    for level in (0.1, 0.5, 0.9):
        assert (actual <= told.at(level)).mean() == pytest.approx(level, abs=0.03)
    width = np.log(told.at(0.9) / told.at(0.1))[:, 0]
    calm, busy = (width[mask].mean() for mask in (features[:, 0] < 3, features[:, 0] > 12))
    # 2 z s: s is 0.05 to 0.11 where it is calm and 0.44 to 0.5 where it is busy.
    assert calm < 0.35
    assert busy > 0.9
    # What serves is the median, but where quantiles crossed and were put in order.
    same = np.isclose(told.values[:, 0, MIDDLE], learner.predict(features)[:, 0], rtol=1e-5)
    assert same.mean() > 0.8


def test_strangers_and_damage_are_refused(tmp_path: Path) -> None:
    write_stored("learner", tmp_path / "other", lambda part: {"learner": "quantile_xgbost"})
    with pytest.raises(ModelError, match="did you mean 'quantile_xgboost'"):
        load_tier_learner(tmp_path / "other")
    every()["xgboost"].save(tmp_path / "one")
    (tmp_path / "one" / "ttft_s.json").write_text("{}")
    with pytest.raises(ModelError, match="altered since training"):
        load_tier_learner(tmp_path / "one")


def test_equal_learners_have_equal_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        for kind, learner in every().items():
            learner.save(tmp_path / name / kind)
    files = [path for path in (tmp_path / "one").rglob("*") if path.is_file()]
    assert len(files) >= 10
    for path in files:
        twin = tmp_path / "two" / path.relative_to(tmp_path / "one")
        assert path.read_bytes() == twin.read_bytes()


def test_features_of_the_tests_are_those_of_the_program() -> None:
    assert states(1, 0).shape == (1, len(FEATURES))
