"""The policy: order, routers, dispatchers, gates and traces, and assignment by brute force."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.params import DISPATCHERS, ROUTERS, ArmParams, ErrorParams, LoadtestParams
from pipeline.predictors import LEVELS, Distribution
from pipeline.scheduling import (
    Batch,
    Objectives,
    Policy,
    Trace,
    decision_order,
    explanation,
    with_error,
)
from tests.scheduling.conftest import LOADTEST, believe, idle, make_fleet

Build = Callable[..., Policy]


def chosen(arm: Policy, told: object, rows: list[int], state: object = None) -> list[int | None]:
    where = idle() if state is None else state
    return [a.instance for a in arm.assign(Batch.plain(rows), told, where)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("key", "order"),
    [("max", [1, 0, 2, 3]), ("min", [2, 3, 0, 1]), ("mean", [1, 2, 3, 0]), ("none", [0, 1, 2, 3])],
)
def test_longest_first_by_hand(key: str, order: list[int]) -> None:
    lengths = np.array([[50, 20], [90, 10], [45, 40], [45, 40]], dtype=float)
    assert decision_order(lengths, key).tolist() == order


def test_longest_expected_output_goes_first(policy: Build) -> None:
    told = believe([[0.5, 0.5]] * 3, [[10, 10], [90, 20], [40, 30]], [[1e-5, 1e-5]] * 3)
    arm = {"router": "passthrough", "dispatcher": "round_robin"}
    # Order of decision is 1, 2, 0, so round robin gives them instances 0, 1, 2.
    assert chosen(policy(**arm), told, [0, 1, 2]) == [2, 0, 1]
    assert chosen(policy(**arm, order="none"), told, [0, 1, 2]) == [0, 1, 2]


def test_decoupled_arm_ignores_latency_and_spreads_by_queue(policy: Build) -> None:
    told = believe([[0.9, 0.5]] * 3, [[50, 50]] * 3, [[1e-5, 1e-5]] * 3)
    arm = policy(router="weighted", weights="blind")
    found = arm.assign(Batch.plain([0, 1, 2]), told, idle())
    assert [a.instance for a in found] == [0, 1, 0]
    assert all(a.ttft is None for a in found)


@pytest.mark.parametrize(
    ("arm", "expected"),
    [
        ({"router": "knn_quality"}, {2}),
        ({"router": "query_oracle"}, {2}),
        ({"router": "dataset_oracle"}, {2}),
        ({"router": "single", "model": "best"}, {2}),
        ({"router": "single", "model": "small"}, {0, 1}),
        ({"router": "cheapest_above_floor", "floor": 0.15}, {0, 1}),
        ({"router": "cheapest_above_floor", "floor": 0.5}, {2}),
        ({"router": "cheapest_above_floor", "floor": 0.9}, {2}),
    ],
)
def test_model_routers_choose_their_model(
    arm: dict[str, object], expected: set[int], policy: Build
) -> None:
    told = believe([[0.2, 0.8]] * 4, [[50, 50]] * 4, [[1e-5, 4e-5]] * 4)
    assert set(chosen(policy(**arm), told, [0, 1, 2, 3])) == expected


def test_a_learned_router_goes_by_its_worth(policy: Build) -> None:
    told = believe([[0.9, 0.1]] * 2, [[50, 50]] * 2, [[1e-5, 4e-5]] * 2)
    arm = policy(router="best_route", threshold=0.5)
    worth = np.array([[0.2, 0.8], [0.7, 0.3]])
    assert chosen(arm, replace(told, worth=worth), [0, 1]) == [2, 0]
    with pytest.raises(ValueError, match="needs the worth"):
        chosen(arm, told, [0])


def test_query_oracle_takes_the_cheaper_of_equals(policy: Build) -> None:
    told = believe([[1.0, 1.0]], [[50, 50]], [[1e-5, 4e-5]])
    assert chosen(policy(router="query_oracle"), told, [0]) == [0]


@pytest.mark.parametrize("dispatcher", ["random", "power_of_two"])
def test_random_dispatchers_use_every_instance_about_equally(
    dispatcher: str, policy: Build
) -> None:
    told = believe([[0.5, 0.5]] * 3000, [[50, 50]] * 3000, [[1e-5, 1e-5]] * 3000)
    arm = policy(router="passthrough", dispatcher=dispatcher)
    counts = np.bincount([i for i in chosen(arm, told, list(range(3000))) if i is not None])
    assert abs(counts - 1000).max() < 4 * (3000 * (1 / 3) * (2 / 3)) ** 0.5


def test_power_of_two_never_takes_the_longest_queue_of_three(policy: Build) -> None:
    told = believe([[0.5, 0.5]] * 200, [[50, 50]] * 200, [[1e-5, 1e-5]] * 200)
    arm = policy(router="passthrough", dispatcher="power_of_two")
    for row in range(200):
        state = idle()
        state.running[:] = [5, 1, 3]
        assert chosen(arm, told, [row], state)[0] in (1, 2)


def test_round_robin_keeps_its_turns_per_model(policy: Build) -> None:
    """Requests that alternate between the models still take each model's instances in turn."""
    told = believe([[0.9, 0.1], [0.1, 0.9]], [[50, 50]] * 2, [[1e-5, 1e-5]] * 2)
    arm = policy(make_fleet(2, 2), router="knn_quality", dispatcher="round_robin")
    found = [chosen(arm, told, [row], idle(4))[0] for row in (0, 1, 0, 1, 0, 1)]
    assert found == [0, 2, 1, 3, 0, 2]


def test_llumnix_minus_by_hand(policy: Build) -> None:
    told = believe([[0.5, 0.5]], [[50, 50]], [[1e-5, 1e-5]])
    state = idle()
    state.running[:] = [4, 2, 1]
    state.kv_utilisation[:] = [0.2, 0.7, 0.8]
    # Free tokens per sequence: 12,800 / 4, 4,800 / 2, 3,200 / 1: the first and the last are equal.
    arm = policy(router="passthrough", dispatcher="llumnix_minus")
    assert chosen(arm, told, [0], state) == [0]
    state.kv_utilisation[0] = 0.3
    assert chosen(arm, told, [0], state) == [2]


def test_least_predicted_takes_the_fastest_of_the_chosen_model(policy: Build) -> None:
    told = believe([[0.9, 0.1]], [[50, 50]], [[1e-5, 1e-5]])
    arm = policy(
        router="weighted",
        weights="blind",
        dispatcher="least_predicted_e2e",
        latency="analytic",
    )
    state = idle()
    state.running[0], state.pending_decode[0], state.context[0] = 16, 1600, 3200
    assert chosen(arm, told, [0], state) == [1]


OPTIONS = {"weights": "uniform", "model": "best", "floor": 0.5, "p_w": 0.5, "threshold": 0.5}


@pytest.mark.parametrize("dispatcher", DISPATCHERS)
@pytest.mark.parametrize("router", list(ROUTERS))
def test_every_router_goes_with_every_dispatcher(
    router: str, dispatcher: str, policy: Build
) -> None:
    needs = ROUTERS[router].needs
    arm = {name: value for name, value in OPTIONS.items() if name in needs}
    if router == "fused" or dispatcher == "least_predicted_e2e":
        arm["latency"] = "static"
    told = believe([[0.4, 0.9], [0.8, 0.1]], [[60, 90]] * 2, [[1e-5, 4e-5]] * 2)
    told = replace(told, worth=np.array([[0.1, 0.9], [0.9, 0.1]]))
    state = idle()
    found = policy(router=router, dispatcher=dispatcher, **arm).assign(
        Batch.plain([0, 1]), told, state
    )
    assert [a.row for a in found] == [0, 1]
    assert all(a.instance in (0, 1, 2) for a in found)
    assert state.queue.sum() == 2


@settings(max_examples=100)
@given(data=st.data())
def test_assignment_equals_brute_force(data: st.DataObject, policy: Build) -> None:
    size = data.draw(st.integers(1, 5))
    number = st.floats(0.01, 1.0)
    pair = st.lists(st.tuples(number, number), min_size=size, max_size=size)
    quality, cost = data.draw(pair), data.draw(pair)
    whole = st.integers(1, 500)
    lengths = data.draw(st.lists(st.tuples(whole, whole), min_size=size, max_size=size))
    told = believe(
        [list(q) for q in quality],
        [[float(n) for n in both] for both in lengths],
        [[1e-4 * c for c in both] for both in cost],
    )
    busy = data.draw(st.lists(st.integers(0, 3), min_size=3, max_size=3))
    state = idle()
    state.running[:] = busy
    found = policy(router="fused", weights="uniform", latency="static").assign(
        Batch.plain(list(range(size))), told, state
    )
    tpot, model, queue, last = [0.01, 0.01, 0.04], [0, 0, 1], [*busy], [-1, -1, -1]
    expected: dict[int, int] = {}
    for turn, row in enumerate(sorted(range(size), key=lambda i: -max(lengths[i]))):
        scores = []
        for i in range(3):
            m = model[i]
            e2e = tpot[i] * lengths[row][m]
            score = 0.34 * quality[row][m] + -(0.33 / 1e-4) * (1e-4 * cost[row][m])
            scores.append(score + -(0.33 / 10.0) * e2e)
        best = [i for i in range(3) if scores[i] == max(scores)]
        expected[row] = min(best, key=lambda i: (queue[i], last[i], i))
        queue[expected[row]] += 1
        last[expected[row]] = turn
    assert {a.row: a.instance for a in found} == expected


def test_state_follows_every_assignment(policy: Build) -> None:
    told = believe([[0.9, 0.1]] * 3, [[50, 70]] * 3, [[1e-5, 1e-5]] * 3)
    state = idle()
    policy(router="knn_quality").assign(Batch.plain([0, 1, 2]), told, state)
    assert state.queue.tolist() == [2, 1, 0]
    assert state.pending_prefill.tolist() == [200, 100, 0]
    assert state.pending_decode.tolist() == [100, 50, 0]


def test_reprediction_equals_predicting_everything_anew(policy: Build) -> None:
    """Deciding a batch in one call gives what deciding it one by one on the same state gives."""
    rng = np.random.default_rng(3)
    told = believe(
        rng.random((12, 2)).tolist(),
        [[float(n)] * 2 for n in range(400, 40, -30)],
        (1e-4 * rng.random((12, 2))).tolist(),
    )
    state, again = idle(), idle()
    state.running[:] = again.running[:] = [14, 15, 3]
    arm = {"router": "fused", "weights": "uniform", "latency": "analytic"}
    whole = policy(**arm).assign(Batch.plain(list(range(12))), told, state)
    single = policy(**arm)
    one_by_one = [single.assign(Batch.plain([row]), told, again)[0] for row in range(12)]
    assert [a.instance for a in whole] == [a.instance for a in one_by_one]
    assert [a.e2e for a in whole] == pytest.approx([a.e2e for a in one_by_one])


def asks(n: int, **wishes: float) -> Objectives:
    nothing = Objectives.none(n)
    return replace(nothing, **{name: np.full(n, value) for name, value in wishes.items()})


def test_filter_bars_what_would_be_too_slow(policy: Build) -> None:
    told = believe([[0.2, 0.9]], [[50, 50]], [[1e-5, 1e-5]])
    arm = policy(router="knn_quality", latency="static", filter={"mode": "strict"})
    free = arm.assign(Batch.plain([0]), told, idle())
    assert (free[0].instance, free[0].relaxations) == (2, 0)
    # The large model takes 80 ms to the first token, and 20 ms of the 90 have gone by.
    hurried = Batch([0], asks(1, ttft_s=0.09), np.array([0.02]))
    assert arm.assign(hurried, told, idle())[0].instance == 0
    patient = Batch([0], asks(1, ttft_s=0.09), np.array([0.005]))
    assert arm.assign(patient, told, idle())[0].instance == 2


def test_refused_where_nobody_can_meet_it(policy: Build) -> None:
    told = believe([[0.2, 0.9]], [[50, 50]], [[1e-5, 1e-5]])
    arm = policy(router="knn_quality", latency="static", filter={"mode": "strict"})
    state = idle()
    (refused,) = arm.assign(Batch([0], asks(1, tpot_s=0.001), np.zeros(1)), told, state)
    assert refused.instance is None
    assert not state.queue.any()


def test_filter_on_cost_uses_the_calibrated_length(policy: Build) -> None:
    told = believe([[0.2, 0.9]], [[100, 100]], [[1e-5, 1e-5]])
    factors = np.stack([np.linspace(1 - off, 1 + off, len(LEVELS)) for off in (0.01, 0.5)])
    told = replace(
        told, length=replace(told.length, distribution=Distribution(100 * factors[None]))
    )
    arm = policy(router="knn_quality", filter={"mode": "strict", "threshold": 0.9})
    # 1e-5 for the prompt and 2e-7 a token: 110 tokens are affordable, both expect 100.
    batch = Batch([0], asks(1, budget_usd=3.2e-5), np.zeros(1))
    assert arm.assign(batch, told, idle())[0].instance == 0
    rich = Batch([0], asks(1, budget_usd=4.0e-5), np.zeros(1))
    assert arm.assign(rich, told, idle())[0].instance == 2


def test_an_instance_nobody_hears_of_gets_nothing(policy: Build) -> None:
    told = believe([[0.9, 0.1]], [[50, 50]], [[1e-5, 1e-5]])
    state = idle()
    state.age[:] = [9.0, 0.1, 0.1]
    assert chosen(policy(router="knn_quality"), told, [0], state) == [1]
    state.age[:] = [9.0, 9.0, 0.1]  # the model is gone: the next best serves
    assert chosen(policy(router="knn_quality"), told, [0], state) == [2]
    state.age[:] = 9.0  # nobody is heard of: refusing all would be worse
    assert chosen(policy(router="knn_quality"), told, [0], state) == [0]


def test_trace_says_why(policy: Build) -> None:
    told = believe([[0.4, 0.9]] * 2, [[100, 100]] * 2, [[2e-5, 8e-5]] * 2)
    traces: dict[int, Trace | None] = {1: None}
    arm = policy(router="fused", weights="uniform", latency="static")
    arm.assign(Batch.plain([0, 1]), told, idle(), traces)
    trace = traces[1]
    assert trace is not None
    assert trace.chosen == 1
    assert trace.queue.tolist() == [1, 0, 0]
    lines = list(explanation(trace, make_fleet().names))
    assert lines[0].startswith("s-1 has the highest score, 0.037")
    assert "as have 1 others, among whom the dispatcher picked it" in lines[0]
    assert lines[2].split()[0] == "s-0"
    assert lines[3].split()[0] == "*s-1"
    assert list(traces) == [1]


def test_injected_error_is_unbiased_and_moves_the_cost_with_the_length() -> None:
    told = believe([[0.5, 0.5]] * 4000, [[100, 200]] * 4000, [[1e-5, 1e-5]] * 4000)
    prices = [(0.1, 0.2), (0.1, 0.2)]
    error = ErrorParams(quality=0.1, length=0.4)
    wrong = with_error(told, error, prices, np.random.default_rng(0))
    assert wrong.quality.mean.mean() == pytest.approx(0.5, abs=0.005)
    assert wrong.quality.mean.std() == pytest.approx(0.1, rel=0.05)
    assert wrong.length.mean.mean(axis=0) == pytest.approx([100, 200], rel=0.03)
    by_hand = 1e-6 * (100 * 0.1 + wrong.length.mean[7, 1] * 0.2)
    assert wrong.cost[7, 1] == pytest.approx(by_hand)


@pytest.mark.parametrize(
    ("arm", "reason"),
    [
        ({"router": "fuzed"}, "did you mean 'fused'"),
        ({"router": "fused", "weights": "uniform"}, "latency goes with router fused"),
        ({"router": "passthrough", "weights": "uniform"}, "weights goes with the routers fused"),
        ({"router": "best_route"}, "threshold goes with the routers best_route and route_llm"),
        ({"router": "single"}, "model goes with router single"),
        (
            {"router": "passthrough", "normalisation": "reference"},
            "normalisation goes with the routers fused and weighted",
        ),
        ({"router": "passthrough", "latency": "static"}, "latency goes with router fused"),
    ],
)
def test_arms_that_do_not_fit_together_are_refused(arm: dict[str, str], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        ArmParams.model_validate({"dispatcher": "random"} | arm)


def test_a_filter_on_time_needs_a_latency_source() -> None:
    arm = {"router": "knn_quality", "dispatcher": "random", "filter": {"mode": "strict"}}
    told = LOADTEST | {"arms": {"blind": arm}}
    LoadtestParams.model_validate(told | {"objectives": {"budget_share": 1.0}})
    with pytest.raises(ValueError, match="its filter needs a latency source"):
        LoadtestParams.model_validate(told | {"objectives": {"ttft_s": 1.0}})


def test_an_arm_without_ledger_needs_to_be_told_the_tokens() -> None:
    blind = {"router": "passthrough", "dispatcher": "random", "ledger": False}
    with pytest.raises(ValueError, match="telemetry needs surface full"):
        LoadtestParams.model_validate(LOADTEST | {"arms": {"blind": blind}})


def test_nobody_is_sent_where_it_may_not_go(policy: Build) -> None:
    told = believe([[0.2, 0.9]], [[50.0, 50.0]], [[1e-6, 1e-5]])
    for arm in ({"router": "knn_quality"}, {"router": "cheapest_above_floor", "floor": 0.5}):
        built = policy(**arm)
        for open_to in ([True, False, False], [False, True, False], [False, False, True]):
            batch = replace(Batch.plain([0]), open=np.array([open_to]))
            [assignment] = built.assign(batch, told, idle())
            assert assignment.instance == open_to.index(True)
        shut = replace(Batch.plain([0]), open=np.zeros((1, 3), dtype=bool))
        assert built.assign(shut, told, idle())[0].instance is None


def test_silence_bars_nobody_where_all_that_are_open_are_silent(policy: Build) -> None:
    told, state = believe([[0.5, 0.5]], [[50.0, 50.0]], [[1e-6, 1e-6]]), idle()
    state.age = np.array([99.0, 0.0, 99.0])
    batch = replace(Batch.plain([0]), open=np.array([[True, False, False]]))
    [assignment] = policy(router="passthrough").assign(batch, told, state)
    assert assignment.instance == 0
