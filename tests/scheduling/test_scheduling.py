"""The scheduler against hand-worked cases, a brute-force twin, and its laws."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.fleet import Fleet
from pipeline.params import (
    ArmParams,
    FleetParams,
    ScaleParams,
    StepParams,
    TierParams,
    WeightParams,
)
from pipeline.predictors import LengthPrediction, QualityPrediction, compose_e2e
from pipeline.scheduling import Estimates, FleetState, Ledger, Policy, make_policy

SCALES = ScaleParams(latency_s=10.0, cost_usd=1e-4)
UNIFORM = WeightParams(quality=0.34, latency=0.33, cost=0.33)
BLIND = WeightParams(quality=0.5, latency=0.0, cost=0.5)
WEIGHTS = {"uniform": UNIFORM, "blind": BLIND}


def tier(model: str, ttft_ms: float, tpot_ms: float) -> TierParams:
    return TierParams(
        model=model,
        gpu="X",
        gpus=1,
        step=StepParams(w=10.0, c=0.1, e=1.0, f=0.1, d=1e-4, q=1e-6),
        kv_tokens=16_000,
        max_num_seqs=16,
        max_batched_tokens=512,
        price_in=0.1,
        price_out=0.1,
        static_ttft_ms=ttft_ms,
        static_tpot_ms=tpot_ms,
    )


def fleet(small: int = 2, large: int = 1) -> Fleet:
    tiers = {"s": tier("small", 20.0, 10.0), "l": tier("large", 80.0, 40.0)}
    return Fleet.of(FleetParams(tiers=tiers, instances={"s": small, "l": large}))


def estimates(
    quality: list[list[float]], length: list[list[float]], cost: list[list[float]]
) -> Estimates:
    q, n, c = (np.array(part, dtype=float) for part in (quality, length, cost))
    return Estimates(
        prompt_tokens=np.full(len(q), 100.0),
        quality=QualityPrediction(q, q, q),
        length=LengthPrediction(n, n, n, n),
        cost=c,
        oracle_quality=q,
        dataset_quality=q,
    )


def idle(instances: int) -> FleetState:
    return FleetState.of(np.zeros((6, instances)))


def policy(router: str, dispatcher: str, **more: str) -> Policy:
    arm = ArmParams.model_validate({"router": router, "dispatcher": dispatcher, **more})
    return make_policy(arm, fleet(), WEIGHTS, SCALES, None, "large", np.random.default_rng(0))


def test_score_by_hand() -> None:
    told = estimates([[0.4, 0.9]], [[100, 100]], [[2e-5, 8e-5]])
    (chosen,) = policy("fused", "shortest_queue", weights="uniform", latency="static").assign(
        [0], told, idle(3)
    )
    small = 0.34 * 0.4 - 0.33 * (0.02 + 99 * 0.01) / 10 - 0.33 * 0.2
    large = 0.34 * 0.9 - 0.33 * (0.08 + 99 * 0.04) / 10 - 0.33 * 0.8
    assert small > large
    assert chosen.instance == 0
    assert sum(part for part in chosen.terms if part is not None) == pytest.approx(small)
    assert chosen.ttft is not None
    assert chosen.ttft[0] == pytest.approx(0.02)


def test_decoupled_arm_ignores_latency_and_spreads_by_queue() -> None:
    told = estimates([[0.9, 0.5]] * 3, [[50, 50]] * 3, [[1e-5, 1e-5]] * 3)
    chosen = policy("weighted", "shortest_queue", weights="blind").assign([0, 1, 2], told, idle(3))
    assert [a.instance for a in chosen] == [0, 1, 0]
    assert all(a.ttft is None for a in chosen)


def test_longest_expected_output_goes_first() -> None:
    told = estimates([[0.5, 0.5]] * 3, [[10, 10], [90, 20], [40, 30]], [[1e-5, 1e-5]] * 3)
    chosen = policy("passthrough", "round_robin").assign([0, 1, 2], told, idle(3))
    # Order of decision is 1, 2, 0, so round robin gives them instances 0, 1, 2.
    assert [a.instance for a in chosen] == [2, 0, 1]


@pytest.mark.parametrize(
    ("router", "more", "expected"),
    [
        ("knn_quality", {}, {2}),
        ("query_oracle", {}, {2}),
        ("dataset_oracle", {}, {2}),
        ("single", {"model": "best"}, {2}),
        ("single", {"model": "small"}, {0, 1}),
    ],
)
def test_model_routers_choose_their_model(
    router: str, more: dict[str, str], expected: set[int]
) -> None:
    told = estimates([[0.2, 0.8]] * 4, [[50, 50]] * 4, [[1e-5, 4e-5]] * 4)
    chosen = policy(router, "shortest_queue", **more).assign([0, 1, 2, 3], told, idle(3))
    assert {a.instance for a in chosen} == expected


def test_query_oracle_takes_the_cheaper_of_equals() -> None:
    told = estimates([[1.0, 1.0]], [[50, 50]], [[1e-5, 4e-5]])
    (chosen,) = policy("query_oracle", "shortest_queue").assign([0], told, idle(3))
    assert chosen.instance == 0


def test_random_arms_use_every_instance_about_equally() -> None:
    told = estimates([[0.5, 0.5]] * 3000, [[50, 50]] * 3000, [[1e-5, 1e-5]] * 3000)
    chosen = policy("passthrough", "random").assign(list(range(3000)), told, idle(3))
    counts = np.bincount([a.instance for a in chosen])
    assert abs(counts - 1000).max() < 4 * (3000 * (1 / 3) * (2 / 3)) ** 0.5


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_assignment_equals_brute_force(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 5))
    number = st.floats(0.01, 1.0)
    pairs = st.lists(st.tuples(number, number), min_size=size, max_size=size)
    quality, cost = data.draw(pairs), data.draw(pairs)
    lengths = data.draw(
        st.lists(st.tuples(st.integers(1, 500), st.integers(1, 500)), min_size=size, max_size=size)
    )
    told = estimates(
        [list(q) for q in quality],
        [[float(n) for n in pair] for pair in lengths],
        [[1e-4 * c for c in pair] for pair in cost],
    )
    chosen = policy("fused", "shortest_queue", weights="uniform", latency="static").assign(
        list(range(size)), told, idle(3)
    )
    ttft, tpot, model = [0.02, 0.02, 0.08], [0.01, 0.01, 0.04], [0, 0, 1]
    queue = [0, 0, 0]
    expected: dict[int, int] = {}
    for row in sorted(range(size), key=lambda i: -max(lengths[i])):
        scores = []
        for instance in range(3):
            m = model[instance]
            e2e = compose_e2e(
                np.array(ttft[instance]), np.array(tpot[instance]), np.array(float(lengths[row][m]))
            )
            scores.append(
                UNIFORM.quality * quality[row][m]
                + -UNIFORM.latency * float(e2e) / 10.0
                + -UNIFORM.cost * (1e-4 * cost[row][m] / 1e-4)
            )
        best = [i for i in range(3) if scores[i] == max(scores)]
        expected[row] = min(best, key=lambda i: (queue[i], i))
        queue[expected[row]] += 1
    assert {a.row: a.instance for a in chosen} == expected


@settings(max_examples=50, deadline=None)
@given(quality=st.floats(0, 1), cost=st.floats(0.01, 5))
def test_an_irrelevant_worse_instance_changes_no_choice(quality: float, cost: float) -> None:
    told = estimates([[quality, 0.5]], [[80, 80]], [[1e-5, cost * 1e-4]])
    arm = ArmParams(
        router="fused", dispatcher="shortest_queue", weights="uniform", latency="static"
    )
    few, many = (
        make_policy(arm, f, WEIGHTS, SCALES, None, "large", np.random.default_rng(0)).assign(
            [0], told, idle(len(f.names))
        )[0]
        for f in (fleet(2, 1), fleet(2, 4))
    )
    names = [fleet(2, 1).models[few.instance], fleet(2, 4).models[many.instance]]
    assert names[0] == names[1]


def test_the_ledger_counts_what_telemetry_cannot_have_seen() -> None:
    ledger = Ledger()
    ledger.record(1.0, 0, 100, 50)
    ledger.record(2.0, 1, 200, 70)
    old = ledger.view(np.zeros((6, 2)), taken=0.5)
    assert old.queue.tolist() == [1, 1]
    assert old.pending_prefill.tolist() == [100, 200]
    later = ledger.view(np.array([[1, 0, 0, 50, 100, 0.1], [0] * 6]).T, 1.5)
    assert later.queue.tolist() == [1, 1]
    assert later.pending_decode.tolist() == [50, 70]
    seen = ledger.view(np.zeros((6, 2)), taken=3.0)
    assert seen.queue.tolist() == [0, 0]


def test_a_view_does_not_change_the_telemetry_behind_it() -> None:
    snapshots = np.zeros((6, 1))
    ledger = Ledger()
    ledger.record(1.0, 0, 10, 10)
    assert ledger.view(snapshots, 0.0).queue.tolist() == [1]
    assert ledger.view(snapshots, 0.0).queue.tolist() == [1]
