"""Scores by hand, and the one law that tells ours from the published one."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.params import ScaleParams, WeightParams
from pipeline.scheduling import (
    Batch,
    Policy,
    fixed_terms,
    reference_terms,
    utilisation,
)
from tests.scheduling.conftest import believe, idle, make_fleet

SCALES = ScaleParams(latency_s=10.0, cost_usd=1e-4)
THIRDS = WeightParams(quality=1 / 3, latency=1 / 3, cost=1 / 3)
EVERYBODY = np.ones(3, dtype=bool)


def test_published_score_by_hand() -> None:
    quality, cost = np.array([0.2, 0.7, 0.45]), np.array([1e-5, 4e-5, 2e-5])
    e2e = np.array([1.0, 4.0, 2.0])
    told = reference_terms(quality, cost, e2e, None, THIRDS, EVERYBODY)
    # q: 0, 1, 1/2 (min-max); c: 3/4, 0, 1/2; l: 3/4, 0, 1/2, but for the epsilons of 1e-8.
    by_hand = [(0 + 0.75 + 0.75) / 3, 1 / 3, (0.5 + 0.5 + 0.5) / 3]
    assert told.total == pytest.approx(by_hand, abs=1e-3)
    # Bit for bit, in the published order of operations: quality, cost, latency.
    q = (0.45 - 0.2) / (0.7 - 0.2 + 1e-8)
    c, t = 1.0 - 2e-5 / (4e-5 + 1e-8), 1.0 - 2.0 / (4.0 + 1e-8)
    third = 1 / 3
    assert told.total[2] == third * q + third * c + third * t


def test_published_score_of_equal_qualities_is_nought_not_one() -> None:
    same = np.full(3, 0.6)
    weights = WeightParams(quality=1.0, latency=0.0, cost=0.0)
    told = reference_terms(same, np.ones(3), None, None, weights, EVERYBODY)
    assert told.quality is not None
    assert told.quality.tolist() == [0, 0, 0]


def test_published_score_looks_at_the_candidates_alone() -> None:
    quality, cost = np.array([0.2, 0.7, 0.9]), np.array([1e-5, 4e-5, 9e-5])
    two = np.array([True, True, False])
    told = reference_terms(quality, cost, None, None, THIRDS, two)
    assert told.total[2] == -np.inf
    assert told.total[1] == pytest.approx(1 / 3, abs=1e-3)


def test_published_utilisation_by_hand() -> None:
    # 1,000 blocks of 16 tokens, 600 of them free: .4 + ((100 + 220) / 16) / (600 / .6).
    share = utilisation(np.array([0.4]), 100.0, np.array([220.0]), np.array([16_000.0]))
    assert share[0] == pytest.approx(0.4 + (320 / 16) / (600 / (1 - 0.4)))


def test_fixed_score_by_hand() -> None:
    weights = WeightParams(quality=0.3, latency=0.2, cost=0.2, balance=0.3)
    told = fixed_terms(
        np.array([0.5]), np.array([2e-5]), np.array([3.0]), np.array([0.25]), weights, SCALES
    )
    assert told.total[0] == pytest.approx(0.3 * 0.5 - 0.2 * 0.3 - 0.2 * 0.2 - 0.3 * 0.25)
    parts = (told.quality, told.latency, told.cost, told.balance)
    assert sum(float(part[0]) for part in parts if part is not None) == pytest.approx(told.total[0])


def test_a_worse_instance_changes_the_published_choice() -> None:
    """1 is better in quality, 0 in the rest; a slow, poor and dear third one joins."""
    quality, cost = np.array([0.50, 0.60, 0.10]), np.array([1e-5, 2e-5, 9e-4])
    e2e = np.array([1.0, 2.0, 90.0])
    weights = WeightParams(quality=0.3, latency=0.35, cost=0.35)
    without = reference_terms(quality[:2], cost[:2], e2e[:2], None, weights, EVERYBODY[:2])
    joined = reference_terms(quality, cost, e2e, None, weights, EVERYBODY)
    assert (np.argmax(without.total), np.argmax(joined.total)) == (0, 1)
    ours = [
        fixed_terms(q, c, t, None, weights, SCALES).total
        for q, c, t in ((quality[:2], cost[:2], e2e[:2]), (quality, cost, e2e))
    ]
    assert np.argmax(ours[0]) == np.argmax(ours[1])


@settings(max_examples=100)
@given(st.data())
def test_an_irrelevant_worse_instance_changes_no_choice_of_ours(data: st.DataObject) -> None:
    share = st.floats(0.01, 1.0)
    n = data.draw(st.integers(2, 6))
    values = [np.array(data.draw(st.lists(share, min_size=n, max_size=n))) for _ in range(4)]
    quality, cost, e2e, balance = values[0], 1e-4 * values[1], 10 * values[2], values[3]
    weights = WeightParams(quality=0.3, latency=0.2, cost=0.2, balance=0.3)
    told = fixed_terms(quality, cost, e2e, balance, weights, SCALES).total
    best = int(np.argmax(told))
    worse = [
        np.append(part, part[best] + sign * data.draw(st.floats(0.0, 100.0)))
        for part, sign in ((quality, -1), (cost, 1), (e2e, 1), (balance, 1))
    ]
    joined = fixed_terms(*worse, weights, SCALES).total
    assert np.argmax(joined) == best
    assert joined[:n].tolist() == told.tolist()


def test_score_of_an_arm_by_hand(policy: Callable[..., Policy]) -> None:
    told = believe([[0.4, 0.9]], [[100, 100]], [[2e-5, 8e-5]])
    fused = policy(router="fused", weights="uniform", latency="static")
    (chosen,) = fused.assign(Batch.plain([0]), told, idle())
    small = 0.34 * 0.4 - 0.33 * (100 * 0.01) / 10 - 0.33 * 0.2
    large = 0.34 * 0.9 - 0.33 * (100 * 0.04) / 10 - 0.33 * 0.8
    assert small > large
    assert chosen.instance == 0
    assert sum(part for part in chosen.terms if part is not None) == pytest.approx(small)
    assert chosen.ttft is not None
    assert chosen.ttft[0] == pytest.approx(0.02)
    assert chosen.e2e == pytest.approx(1.0)


def test_published_ties_go_to_the_shortest_queue_then_to_the_least_recent(
    policy: Callable[..., Policy],
) -> None:
    told = believe([[0.9, 0.5]] * 4, [[50, 50]] * 4, [[1e-5, 1e-5]] * 4)
    arm = policy(router="weighted", weights="blind", normalisation="reference")
    chosen = arm.assign(Batch.plain([0, 1, 2, 3]), told, idle())
    assert [a.instance for a in chosen] == [0, 1, 0, 1]
    again = arm.assign(Batch.plain([0]), told, idle())
    assert again[0].instance == 0  # 1 had the last turn
    busy = idle()
    busy.running[0] = 1
    assert arm.assign(Batch.plain([0]), told, busy)[0].instance == 1


def test_balance_moves_work_off_a_full_cache(policy: Callable[..., Policy]) -> None:
    told = believe([[0.5, 0.5]], [[50, 50]], [[1e-5, 1e-5]])
    state = idle()
    state.kv_utilisation[0] = 0.9
    arm = policy(router="fused", weights="balanced", latency="static")
    (chosen,) = arm.assign(Batch.plain([0]), told, state)
    assert chosen.instance == 1
    assert chosen.terms[3] is not None


@settings(max_examples=50)
@given(quality=st.floats(0, 1), cost=st.floats(0.01, 5))
def test_more_of_the_same_instances_change_no_model(
    quality: float, cost: float, policy: Callable[..., Policy]
) -> None:
    told = believe([[quality, 0.5]], [[80, 80]], [[1e-5, cost * 1e-4]])
    names = []
    for fleet in (make_fleet(2, 1), make_fleet(2, 4)):
        arm = policy(fleet, router="fused", weights="uniform", latency="static")
        (chosen,) = arm.assign(Batch.plain([0]), told, idle(len(fleet.names)))
        assert chosen.instance is not None
        names.append(fleet.models[chosen.instance])
    assert names[0] == names[1]
