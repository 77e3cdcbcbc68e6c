"""Trees as arrays against XGBoost itself."""

import pickle
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import ModelError, UnknownNameError
from pipeline.predictors import LEVELS, TARGETS, LatencyModel, RatioBounds, TreeStack
from pipeline.predictors._trees import Trees
from pipeline.predictors.learners.latency import Xgboost

BOUNDS = RatioBounds.fit(np.ones(19), np.ones(19), 0.9)
WIDTH = 6


def rows(rng: np.random.Generator, n: int, missing: float) -> np.ndarray:
    features = rng.lognormal(1.0, 1.5, (n, WIDTH)).astype(np.float32)
    features[rng.random(features.shape) < missing] = np.nan
    return features


def booster(seed: int, depth: int = 5, rounds: int = 40, missing: float = 0.1, **options: object):
    from xgboost import DMatrix, train

    rng = np.random.default_rng(seed)
    features = rows(rng, 600, missing)
    target = np.log1p(np.nan_to_num(features[:, 0])) - np.isnan(features[:, 1]) + seed
    settings = {
        "objective": "reg:squarederror", "nthread": 1, "max_depth": depth, "seed": seed,
        "min_child_weight": 3.0, **options,
    }  # fmt: skip
    return train(settings, DMatrix(features, label=target), rounds)


def learned(*boosters: object) -> Xgboost:
    return Xgboost(40, {}, 1)._remember(list(TARGETS[: len(boosters)]), list(boosters))


def model(*seeds: int) -> LatencyModel:
    learners = {
        f"t{seed}": learned(*(booster(10 * seed + i, depth=3 + seed) for i in range(2)))
        for seed in seeds
    }
    bounds = {tier: dict.fromkeys(TARGETS, BOUNDS) for tier in learners}
    return LatencyModel(learners, bounds, {})


@pytest.mark.parametrize("depth", [1, 4, 9])
@pytest.mark.parametrize("missing", [0.0, 0.3])
def test_a_head_predicts_what_its_booster_does(depth: int, missing: float) -> None:
    one = booster(1, depth, missing=missing)
    features = rows(np.random.default_rng(2), 500, missing)
    expected = np.exp(one.inplace_predict(features).astype(np.float64))
    assert learned(one).predict(features)[:, 0] == pytest.approx(expected, rel=1e-5)


@cache
def shared() -> Xgboost:
    return learned(booster(4))


@given(st.data())
def test_thresholds_infinities_and_missing_numbers_go_where_xgboost_sends_them(
    data: st.DataObject,
) -> None:
    learner = shared()
    trees = learner.trees[0]
    thresholds = trees.threshold[np.isfinite(trees.threshold)].tolist()
    number = st.one_of(
        st.sampled_from(thresholds), st.floats(width=32), st.just(np.nan), st.just(0.0)
    )
    drawn = data.draw(st.lists(number, min_size=WIDTH, max_size=WIDTH))
    features = np.array([drawn], dtype=np.float32)
    if np.isinf(features).any():  # XGBoost itself refuses them, unless it is told not to look
        features = np.clip(features, np.finfo(np.float32).min, np.finfo(np.float32).max)
    expected = np.exp(learner.boosters_[0].inplace_predict(features).astype(np.float64))
    assert learner.predict(features)[:, 0] == pytest.approx(expected, rel=1e-5)


def test_a_tree_without_a_split_is_its_leaf() -> None:
    one = booster(5, rounds=3, gamma=1e9)
    learner, features = learned(one), rows(np.random.default_rng(2), 5, 0.1)
    assert learner.trees[0].depths.tolist() == [0, 0, 0]
    expected = np.exp(one.inplace_predict(features).astype(np.float64))
    assert learner.predict(features)[:, 0] == pytest.approx(expected, rel=1e-5)


def test_a_stack_predicts_what_its_heads_do() -> None:
    told, names = model(0, 1, 2), ["t2", "t0", "t1"]
    features = rows(np.random.default_rng(3), 300, 0.1)
    tier = np.random.default_rng(4).integers(0, 3, 300)
    predicted = told.stack(names).predict(features, tier)
    for target, values in zip(TARGETS, predicted, strict=True):
        for position, name in enumerate(names):
            here = tier == position
            assert np.array_equal(values[here], told.head(name, target).predict(features[here]))


def test_a_stack_of_no_rows_and_its_refusals() -> None:
    stack = model(0).stack(["t0"])
    none = np.zeros(0, dtype=np.int64)
    assert [part.shape for part in stack.predict(np.zeros((0, WIDTH), dtype=np.float32), none)] == [
        (0,), (0,),
    ]  # fmt: skip
    features = rows(np.random.default_rng(3), 2, 0.0)
    with pytest.raises(ValueError, match="tiers 0 to 1, expected 0 to 0"):
        stack.predict(features, np.array([0, 1]))
    with pytest.raises(ValueError, match=r"shape \(2, 5\), expected \(2, 6\)"):
        stack.predict(features[:, :5], np.array([0, 0]))
    with pytest.raises(UnknownNameError, match="did you mean 't0'"):
        model(0).stack(["t"])


def test_a_head_survives_pickling_before_and_after_use() -> None:
    head, features = learned(booster(6)), rows(np.random.default_rng(3), 20, 0.1)
    fresh = pickle.loads(pickle.dumps(head))
    expected = head.predict(features)
    used = pickle.loads(pickle.dumps(head))
    assert np.array_equal(fresh.predict(features), expected)
    assert np.array_equal(used.predict(features), expected)


@pytest.mark.parametrize("options", [{"booster": "dart"}, {"objective": "reg:pseudohubererror"}])
def test_other_boosters_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(ModelError, match="expected gbtree with reg:squarederror"):
        Trees.of(booster(0, rounds=2, **options))


def test_stacks_of_one_target_are_columns() -> None:
    learner = learned(booster(7))
    features = rows(np.random.default_rng(3), 9, 0.1)
    seconds = TreeStack([learner.trees]).seconds(features, np.zeros(9, dtype=np.int64))
    assert np.array_equal(seconds, learner.predict(features))


def test_every_quantile_of_a_booster_has_trees_of_its_own() -> None:
    one = booster(8, objective="reg:quantileerror", quantile_alpha=list(LEVELS))
    features = rows(np.random.default_rng(3), 50, 0.1)
    expected = np.exp(one.inplace_predict(features).astype(np.float64))
    alone = np.zeros(50, dtype=np.int64)
    for output in range(len(LEVELS)):
        seconds = TreeStack([[Trees.of(one, output)]]).seconds(features, alone)
        assert seconds[:, 0] == pytest.approx(expected[:, output], rel=1e-5)
    with pytest.raises(ModelError, match="9 outputs; expected more than 9"):
        Trees.of(one, 9)
