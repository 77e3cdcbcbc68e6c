"""What routing with a prediction is worth: by hand, by a linear program, by curves of PGR."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from pipeline.errors import DataError
from pipeline.predictors import Ladder, routing_rows
from pipeline.predictors.quality._routing import at_cost, regrets_of, strong_ranks
from pipeline.statistics import apgr

COST = np.array([1.0, 3.0, 10.0])


def drawn(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.random((n, 3)), (rng.random((n, 3)) < [0.4, 0.6, 0.8]).astype(float)


def test_regret_by_hand_and_ties_go_to_the_cheaper() -> None:
    predicted = np.array([[0.2, 0.9, 0.1], [0.5, 0.5, 0.5], [0.1, 0.2, 0.9]])
    labels = np.array([[1.0, 0.0, 1.0], [0.0, 1.0, 1.0], [0.5, 0.25, 0.75]])
    assert regrets_of(predicted, labels, COST).tolist() == [1.0, 1.0, 0.0]
    # The cheaper one among equals, wherever it stands.
    assert regrets_of(predicted, labels, COST[::-1]).tolist()[1] == 0.0


def test_at_cost_by_hand() -> None:
    predicted = np.array([[0.1, 0.5, 0.6], [0.1, 0.2, 0.9]])
    labels = np.array([[0.0, 1.0, 1.0], [0.0, 0.0, 1.0]])
    assert at_cost(predicted, labels, COST, 10.0).tolist() == [1.0, 1.0]
    assert at_cost(predicted, labels, COST, 1.0).tolist() == [0.0, 0.0]
    # By quality per cost the first prompt goes to the middle model (2.0), then the second one to
    # the large model (6.5). Of the way from there, 5.5 pays 3.5 / 4.5.
    assert at_cost(predicted, labels, COST, 2.0).tolist() == [1.0, 0.0]
    assert at_cost(predicted, labels, COST, 5.5) == pytest.approx([1.0, 3.5 / 4.5])
    assert at_cost(predicted, labels, COST, 6.5).tolist() == [1.0, 1.0]


@given(st.integers(0, 10_000), st.floats(1.0, 10.0))
@settings(max_examples=40)
def test_oracle_at_cost_is_the_linear_program(seed: int, budget: float) -> None:
    n = 12
    _, labels = drawn(n, seed)
    labels = labels + 1e-3 * np.random.default_rng(seed).random(labels.shape)
    told = at_cost(labels, labels, COST, budget).mean()
    best = linprog(
        -labels.ravel() / n,
        A_ub=np.tile(COST, n)[None] / n,
        b_ub=[budget],
        A_eq=np.kron(np.eye(n), np.ones(3)),
        b_eq=np.ones(n),
        bounds=(0, 1),
    )
    assert told <= -best.fun + 1e-9
    assert told >= -best.fun - 0.02  # prices are tried on a grid


@given(st.integers(0, 10_000))
@settings(max_examples=30)
def test_area_from_ranks_is_the_area_of_the_curve(seed: int) -> None:
    predicted, labels = drawn(40, seed)
    gain = labels[:, 2] - labels[:, 0]
    if gain.mean() <= 0:
        return
    order = np.argsort(-(predicted[:, 2] - predicted[:, 0]))
    shares = np.arange(41) / 40
    quality = labels[:, 0].mean() + np.concatenate([[0.0], np.cumsum(gain[order])]) / 40
    area = apgr(shares, quality, weak=labels[:, 0].mean(), strong=labels[:, 2].mean())
    ranks = strong_ranks(predicted, 0, 2)
    assert (ranks * gain).mean() / gain.mean() == pytest.approx(area)


def test_equal_predictions_are_random() -> None:
    assert strong_ranks(np.ones((7, 2)), 0, 1) == pytest.approx(np.full(7, 0.5))


def test_rows_of_known_candidates() -> None:
    _, labels = drawn(400, 3)
    labels[0, 1] = np.nan
    groups = [str(row // 2) for row in range(400)]
    ladder = Ladder(labels, groups, COST, np.array([0.4, 0.6, 0.8]))
    flat = np.tile([0.4, 0.6, 0.8], (400, 1))
    told = {"dataset_mean": flat, "oracle": np.nan_to_num(labels)}
    rows = routing_rows(told, ladder, split="test", label="recorded", seed=1)
    found = {(row["candidate"], row["metric"], row["versus"]): row for row in rows}
    assert found["dataset_mean", "quality_at_equal_cost", "best_single"]["estimate"] == 0.0
    assert found["dataset_mean", "apgr", "none"]["estimate"] == pytest.approx(0.5)
    assert found["dataset_mean", "gap_closed", "none"]["estimate"] == pytest.approx(0.0)
    assert found["oracle", "regret", "none"]["estimate"] == 0.0
    assert found["oracle", "gap_closed", "none"]["estimate"] == pytest.approx(1.0)
    better = found["oracle", "quality_at_half_cost", "best_single"]
    assert better["low"] > 0
    assert (better["n"], better["missing"], better["clusters"]) == (399, 1, 200)
    assert ("oracle", "regret", "knn") not in found  # nobody who does not compete is subtracted


def test_without_a_whole_prompt_nothing_is_judged() -> None:
    labels = np.array([[np.nan, 1.0, 1.0], [1.0, np.nan, 1.0]])
    ladder = Ladder(labels, ["a", "b"], COST, np.ones(3))
    with pytest.raises(DataError, match="no prompt has a quality label of every model"):
        routing_rows({"x": labels}, ladder, split="test", label="recorded", seed=1)
