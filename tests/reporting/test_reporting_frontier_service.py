import math
from typing import Any

import pytest

from pipeline.reporting.frontier._service import SERVICE_SCHEMA, service_rows
from pipeline.reporting.frontier._throughput import run_throughputs
from pipeline.statistics import FIELD_METRICS
from tests.reporting.frontier_case import STRONG, WEAK, case_params, joint_of
from tests.reporting_rows import request, requests_frame

LIMITS = {"ttft_s": 1.0, "tpot_s": 0.3, "e2e_s": 5.0}


def _service(rows: list[dict[str, Any]], **changes: Any) -> dict[str, dict[str, Any]]:
    """Metrics of the arm "a"."""
    params = case_params({"s": ("a",)}, limits=LIMITS, **changes)
    frame = requests_frame(rows)
    found = service_rows(
        joint_of(frame, params),
        run_throughputs(frame, "steady", "test"),
        params.frontier,
        utility=params.ablation.utility,
        seed=1,
    )
    assert all(set(row) == set(SERVICE_SCHEMA) for row in found)
    return {row["metric"]: row for row in found if row["arm"] == "a"}


def _asked(i: int, seed: int, **changes: Any) -> dict[str, Any]:
    """Scheduled at i s on a test prompt, TTFT 0.5 s, TPOT 0.2 s, E2E 2.5 s unless changed."""
    times = {"t_scheduled": float(i), "t_first_token": i + 0.5, "t_done": i + 2.5}
    prompt = {"prompt_id": f"test{i % 4}", "group_id": f"test{i % 4}", "model": WEAK}
    times |= {"t_decided": float(i), "t_dispatched": float(i)}
    return request(i, **{"seed": seed, **times, **prompt, **changes})


def test_goodput_counts_all_requests_over_the_measured_window():
    failed = {"status": "failed", "t_done": None, "t_first_token": None, "quality": None}
    rows = [_asked(i, seed) for seed in (1, 2) for i in range(5)]
    rows[1] |= failed
    rows[2] |= {"t_first_token": 3.2}  # late first token
    rows[8] |= {"t_done": 8.7}  # scheduled at 3 s: E2E 5.7 s
    found = _service(rows)
    # Met: 3 of 5 and 4 of 5; the window is from 0 s to 4 s.
    assert found["attainment"]["estimate"] == pytest.approx(0.7)
    assert found["goodput"]["estimate"] == pytest.approx((3 / 4 + 4 / 4) / 2)
    assert "TTFT 1 s, TPOT 0.3 s per token, E2E 5 s" in found["goodput"]["definition"]
    assert (found["goodput"]["unit"], found["goodput"]["better"]) == ("requests/s", "higher")


def test_attainment_ends_at_0_and_1():
    rows = [_asked(i, seed) for seed in (1, 2) for i in range(10)]
    rows[0] |= {"t_first_token": 1.2}
    found = _service(rows)["attainment"]
    assert (found["estimate"], found["high"]) == (pytest.approx(0.95), 1.0)
    assert 0.0 <= found["low"] < 0.95


def test_a_request_is_held_to_what_it_asked_for_itself():
    rows = [
        _asked(i, seed, tpot_slo_s=0.1 if i == 0 else None) for seed in (1, 2) for i in range(4)
    ]
    assert _service(rows)["attainment"]["estimate"] == pytest.approx(0.75)
    rows = [row | {"tpot_slo_s": 0.25, "ttft_slo_s": 0.4} for row in rows]
    assert _service(rows)["attainment"]["estimate"] == 0.0


def test_an_answer_of_one_token_has_no_tpot_to_keep():
    one = {"output_tokens": 1, "t_first_token": 0.5, "t_done": 0.5}
    rows = [_asked(0, seed, **one) for seed in (1, 2)] + [_asked(1, seed) for seed in (1, 2)]
    assert _service(rows)["attainment"]["estimate"] == 1.0


def test_budgets_by_hand_and_as_the_metrics_say():
    costs, budgets = (2e-6, 3e-6, 6e-6, 9e-6), (2e-6, 2e-6, 3e-6, None)
    rows = [
        _asked(i, seed, cost_usd=costs[i], budget_usd=budgets[i])
        for seed in (1, 2)
        for i in range(4)
    ]
    rows[2] |= {"status": "failed", "t_done": None, "t_first_token": None, "quality": None}
    found = _service(rows)
    assert found["budget_compliance"]["estimate"] == pytest.approx(1 / 3)
    assert found["budget_overshoot"]["estimate"] == pytest.approx((0.5 + 1.0) / 2)
    assert "budget_compliance" not in _service([_asked(i, s) for s in (1, 2) for i in range(4)])


def _chosen(model: str) -> dict[str, dict[str, Any]]:
    """The arm sends every test prompt to one model and gets what the labels say."""
    quality = {WEAK: (0.0, 1.0, 0.0, 1.0), STRONG: (1.0, 1.0, 1.0, 0.0)}[model]
    return _service(
        [_asked(i, s, model=model, quality=quality[i]) for s in (1, 2) for i in range(4)]
    )


def test_regret_and_gains_by_hand():
    weak, strong = _chosen(WEAK), _chosen(STRONG)
    # The oracle has quality 1 on every prompt; weak has 0.5 and strong 0.75.
    assert weak["regret_quality"]["estimate"] == pytest.approx(0.5)
    assert strong["regret_quality"]["estimate"] == pytest.approx(0.25)
    assert (weak["pgr"]["estimate"], strong["pgr"]["estimate"]) == (0.0, 1.0)
    assert weak["gap_oracle"]["estimate"] == pytest.approx(0.5)
    assert weak["gain_best"]["estimate"] == pytest.approx(0.5 / 0.75 - 1)
    assert strong["gain_random"]["estimate"] == pytest.approx(0.75 / 0.625 - 1)
    assert strong["gain_best"]["low"] is None  # nothing to be unsure of
    assert weak["gap_oracle"]["low"] < 0.5 < weak["gap_oracle"]["high"]


def test_regret_weighs_cost_with_the_named_weights():
    params = case_params({"s": ("a",)})
    weights = params.loadtest.weights[params.ablation.utility]
    prices = params.base.fleet.prices
    cost = {model: 1e-4 * sum(prices[model]) for model in (WEAK, STRONG)}  # 100 tokens each
    dearer = weights.cost * (cost[STRONG] - cost[WEAK]) / params.loadtest.scales.cost_usd
    gain = weights.quality - dearer
    lost = sum(max(0.0, one) for one in (gain, -dearer, gain, -dearer - weights.quality))
    found = _chosen(WEAK)["regret"]
    assert found["estimate"] == pytest.approx(lost / 4)
    assert params.ablation.utility in found["definition"]


def test_routerarena_of_an_arm_by_its_formula():
    rows = [_asked(i, s, quality=0.5, cost_usd=1e-5) for s in (1, 2) for i in range(4)]
    thrift = math.log(200 / 0.01) / math.log(200 / 0.0044)
    score = 1.1 * 0.5 * thrift / (0.1 * 0.5 + thrift)
    found = _service(rows)["routerarena"]
    assert found["estimate"] == pytest.approx(score)
    assert found["definition"] == FIELD_METRICS["routerarena"].definition


def test_a_failed_request_has_no_quality_to_score_but_was_a_choice():
    failed = {"status": "failed", "t_done": None, "t_first_token": None, "quality": None}
    rows = [_asked(i, s, quality=0.5) for s in (1, 2) for i in range(4)]
    rows[0] |= failed
    found = _service(rows)
    assert (found["routerarena"]["n"], found["routerarena"]["missing"]) == (7, 1)
    assert (found["regret"]["n"], found["regret"]["missing"]) == (8, 0)
