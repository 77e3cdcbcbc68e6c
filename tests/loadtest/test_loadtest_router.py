"""The simulated router: batches, workers, telemetry, refusals, budgets and beliefs."""

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest

from pipeline.errors import ParamsError, UnknownNameError
from pipeline.fleet import Fleet
from pipeline.loadtest import Cell, Rig, Workload, cells_of, explain, run_cell
from pipeline.params import (
    ArmParams,
    FaultParams,
    FilterParams,
    LoadtestParams,
    ObjectiveParams,
    Params,
)
from pipeline.predictors import Distribution, LatencyModel, LengthPrediction
from pipeline.scheduling import expected_cost


def with_arm(params: Params, name: str, arm: dict[str, Any], **changes: Any) -> LoadtestParams:
    told = params.loadtest.model_dump()
    told["arms"] = told["arms"] | {name: arm}
    return LoadtestParams.model_validate(told | changes)


def serve(
    params: Params,
    workload: Workload,
    arm: dict[str, Any],
    latency: LatencyModel | None = None,
    rate: float = 24.0,
    faults: tuple[FaultParams, ...] = (),
    **changes: Any,
) -> pl.DataFrame:
    told = with_arm(params, "new", arm, **changes)
    fleet = Fleet.of(params.base.fleet.model_copy(update={"faults": faults}))
    return run_cell(Cell("new", rate, 1), Rig(told, fleet, {"test": workload}, latency, 7))


SHORTEST = {"router": "passthrough", "dispatcher": "shortest_queue"}
STATIC = {"router": "fused", "weights": "uniform", "latency": "static"}
STATIC["dispatcher"] = "shortest_queue"


def costs(base: float, each: float) -> dict[str, Any]:
    return {"base_ms": base, "per_request_ms": each}


def router_with(params: Params, **changes: Any) -> dict[str, Any]:
    return params.loadtest.router.model_dump() | changes


def test_a_timer_makes_an_idle_router_wait(params: Params, workload: Workload) -> None:
    rows = serve(params, workload, SHORTEST | {"batching": "published"}, rate=1.0)
    alone = rows.filter((pl.col("batch_size") == 1) & (pl.col("request_id") > 0))
    cost = params.loadtest.router.costs["simple"]
    deciding = 1e-3 * (cost.base_ms + cost.per_request_ms)
    # From the second batch on: 50 ms, as nobody ever waits in an engine at 1/s.
    waited = (alone["t_decided"] - alone["t_scheduled"]).to_numpy()
    assert np.median(waited) == pytest.approx(0.050 + deciding)
    first = rows.filter(pl.col("request_id") == 0)
    assert (first["t_decided"] - first["t_scheduled"])[0] == pytest.approx(0.100 + deciding)


def test_full_batches_close_before_the_timer(params: Params, workload: Workload) -> None:
    rows = serve(params, workload, SHORTEST | {"batching": "published"}, rate=400.0)
    sizes = rows.sort("request_id")["batch_size"].to_list()
    assert sizes[:8] == [8] * 8  # what was configured holds for the first batch alone
    assert sizes[8:12] == [4] * 4  # no engine had been busy yet
    assert set(sizes) <= {8, 4, 16, 32, sizes[-1]}
    waited = (rows["t_decided"] - rows["t_scheduled"]).to_numpy()
    assert waited[:8].max() < 0.100


def test_serial_scoring_queues_where_its_rate_is_below_the_offered_one(
    params: Params, workload: Workload
) -> None:
    """50 ms a prompt is 20/s; at 24/s the queue grows as fast as 24 - 20 a second."""
    router = router_with(params)
    router["costs"]["slow"] = costs(0.0, 50.0)
    arm = SHORTEST | {"batching": "serial", "cost": "slow"}
    rows = serve(params, workload, arm, router=router, requests=600)
    waited = (rows["t_decided"] - rows["t_scheduled"]).to_numpy()
    offered = rows["t_scheduled"].to_numpy()
    # The last request leaves when 600 of them have been scored one by one.
    assert offered[-1] + waited[-1] == pytest.approx(offered[0] + 600 * 0.05, rel=0.05)
    concurrent = serve(
        params, workload, arm | {"batching": "concurrent"}, router=router, requests=600
    )
    assert (concurrent["t_decided"] - concurrent["t_scheduled"]).max() < 1.0
    assert (rows["batch_size"] == 1).all()
    assert (concurrent["batch_size"] == 1).all()


def test_micro_batches_share_the_base(params: Params, workload: Workload) -> None:
    router = router_with(params)
    router["costs"]["slow"] = costs(45.0, 5.0)
    arm = SHORTEST | {"batching": "micro_batched", "cost": "slow"}
    rows = serve(params, workload, arm, router=router, requests=600)
    assert (rows["t_decided"] - rows["t_scheduled"]).max() < 0.5
    assert rows["batch_size"].max() > 1
    per_batch = 45.0 + 5.0 * rows["batch_size"]
    assert rows["decision_ms"].to_numpy() == pytest.approx(per_batch.to_numpy())


def test_two_workers_decide_at_the_same_time_and_in_order(
    params: Params, workload: Workload
) -> None:
    router = router_with(params)
    router["costs"]["slow"] = costs(0.0, 80.0)
    arm = SHORTEST | {"batching": "concurrent", "cost": "slow"}
    rows = serve(params, workload, arm, router=router, rate=20.0).sort("request_id")
    started = rows["t_decided"].to_numpy() - 0.080
    assert (np.diff(rows["t_decided"].to_numpy()) >= 0).all()
    overlap = started[1:] < rows["t_decided"].to_numpy()[:-1] - 1e-9
    assert overlap.any()


def error_of(rows: pl.DataFrame) -> float:
    return float((rows["queue_believed"] - rows["queue_true"]).abs().mean())  # type: ignore[arg-type]


def test_the_ledger_knows_the_queues_and_forgetting_does_not(
    params: Params, workload: Workload
) -> None:
    seldom = {"period_s": 1.0, "surface": "full"}
    kept = serve(params, workload, SHORTEST | {"telemetry": seldom})
    forgot = serve(params, workload, SHORTEST | {"telemetry": seldom, "ledger": False})
    assert error_of(kept) < 0.1
    assert error_of(forgot) > 1.0
    assert kept["telemetry_age_s"].max() <= 1.0 + 1e-9


def test_the_ledger_holds_without_any_telemetry(params: Params, workload: Workload) -> None:
    deaf = {"period_s": 0.05, "loss": 1.0, "evict_after_s": 1e9}
    rows = serve(params, workload, SHORTEST | {"telemetry": deaf})
    assert error_of(rows) < 0.1
    assert rows["telemetry_age_s"].null_count() == rows.height


def test_late_telemetry_is_reconciled_by_its_time(params: Params, workload: Workload) -> None:
    late = {"period_s": 0.2, "delay_s": 0.5, "surface": "full"}
    rows = serve(params, workload, SHORTEST | {"telemetry": late})
    assert error_of(rows) < 0.1
    later = rows.filter(pl.col("t_decided") > 1.0)
    assert later["telemetry_age_s"].min() >= 0.5 - 1e-9


def test_a_crashed_instance_is_left_alone_once_nobody_hears_of_it(
    params: Params, workload: Workload
) -> None:
    down = FaultParams(instance="3b_a30-0", kind="crash", from_s=1.0, to_s=1e6)
    told = {"period_s": 0.05, "evict_after_s": 0.5}
    rows = serve(params, workload, SHORTEST | {"telemetry": told}, faults=(down,), requests=240)
    failed = rows.filter(pl.col("status") == "failed")
    assert set(failed["instance"]) == {"3b_a30-0"}
    late = rows.filter(pl.col("t_decided") > 1.6)
    assert late.height > 50
    assert "3b_a30-0" not in set(late["instance"])


def test_what_nobody_can_meet_is_refused_and_has_a_row(params: Params, workload: Workload) -> None:
    arm = STATIC | {"filter": FilterParams(mode="strict").model_dump()}
    asked = ObjectiveParams(tpot_s=0.001).model_dump()
    rows = serve(params, workload, arm, objectives=asked)
    assert rows.height == params.loadtest.requests
    assert set(rows["status"]) == {"refused"}
    assert rows["instance"].null_count() == rows["t_dispatched"].null_count() == rows.height
    assert rows["cost_usd"].sum() == 0
    assert rows["tpot_slo_s"].unique().to_list() == [0.001]
    easy = serve(params, workload, arm, objectives=ObjectiveParams(tpot_s=1.0).model_dump())
    assert set(easy["status"]) == {"ok"}
    assert set(easy["relaxations"]) == {0}


def test_a_refused_user_sends_his_next_request(params: Params, workload: Workload) -> None:
    arm = STATIC | {"filter": FilterParams(mode="strict").model_dump()}
    rows = serve(
        params,
        workload,
        arm,
        objectives=ObjectiveParams(tpot_s=0.001).model_dump(),
        arrivals={"process": "closed", "users": 2, "think_s": 0.1},
    )
    assert rows.height == params.loadtest.requests


def test_budgets_cut_answers_and_a_cut_answer_has_no_label(
    params: Params, workload: Workload
) -> None:
    asked = ObjectiveParams(budget_share=1.0).model_dump()
    free = serve(params, workload, SHORTEST, objectives=asked)
    kept = serve(params, workload, SHORTEST | {"budget": "clamp"}, objectives=asked)
    assert free["budget_usd"].equals(kept["budget_usd"])
    assert (free["cost_usd"] > free["budget_usd"]).any()
    assert not free["cut"].any()
    within = kept.filter(pl.col("output_tokens") > 1)
    assert (within["cost_usd"] <= within["budget_usd"] * (1 + 1e-9)).all()
    cut = kept.filter("cut")
    assert cut.height > 10
    assert cut["quality"].null_count() == cut.height
    assert set(cut["status"]) == {"ok"}


def test_budgets_lie_between_the_costs_of_the_models(params: Params, workload: Workload) -> None:
    asked = ObjectiveParams(budget_share=0.5).model_dump()
    rows = serve(params, workload, SHORTEST, objectives=asked)
    cost = workload.estimates.cost
    for prompt, budget in rows.select("prompt_id", "budget_usd").iter_rows():
        row = workload.prompt_ids.index(prompt)
        assert budget is None or cost[row].min() <= budget <= cost[row].max()
    share = 1 - rows["budget_usd"].null_count() / rows.height
    assert 0.2 < share < 0.8


def test_filter_on_budget_prefers_who_can_finish(params: Params, workload: Workload) -> None:
    told = workload.estimates
    exact = LengthPrediction(told.length.mean, Distribution.point(told.length.mean), 0.9)
    prices = list(params.base.fleet.prices.values())
    cost = expected_cost(told.prompt_tokens, told.length.mean, prices)
    sure = replace(workload, estimates=replace(told, length=exact, cost=cost))
    asked = ObjectiveParams(budget_share=1.0).model_dump()
    arm = {"router": "knn_quality", "dispatcher": "shortest_queue", "budget": "clamp"}
    blind = serve(params, sure, arm, objectives=asked)
    filtered = serve(
        params,
        sure,
        arm | {"filter": FilterParams(mode="relaxed").model_dump()},
        objectives=asked,
    )
    assert blind["cut"].sum() > 40
    assert filtered["cut"].sum() < 0.2 * blind["cut"].sum()


def test_injected_error_changes_choices_and_leaves_arrivals_alone(
    params: Params, workload: Workload
) -> None:
    wrong = STATIC | {"error": {"quality": 0.5, "length": 0.5, "latency": 0.5}}
    right, told = (serve(params, workload, arm) for arm in (STATIC, wrong))
    assert right["t_scheduled"].equals(told["t_scheduled"])
    assert (right["instance"] != told["instance"]).mean() > 0.2
    assert told.equals(serve(params, workload, wrong))


def test_every_traffic_has_its_own_cells(params: Params, workload: Workload) -> None:
    shapes = {
        "burst": {
            "arrivals": {"process": "gamma", "burstiness": 0.1},
            "rates": [10.0],
            "arms": ["random", "shortest_queue"],
            "requests": 200,
        }
    }
    told = LoadtestParams.model_validate(params.loadtest.model_dump() | {"traffic": shapes})
    cells = cells_of(told)
    extra = [cell for cell in cells if cell.traffic == "burst"]
    assert {(cell.arm, cell.rate) for cell in extra} == {("random", 10.0), ("shortest_queue", 10.0)}
    assert len(extra) == 2 * len(told.seeds)
    rows = run_cell(extra[0], Rig(told, Fleet.of(params.base.fleet), {"test": workload}, None, 7))
    assert rows.height == 200
    assert rows["traffic"].unique().to_list() == ["burst"]
    gaps = np.diff(rows["t_scheduled"].to_numpy())
    assert gaps.std() / gaps.mean() > 1.8  # Poisson would be 1, this gamma sqrt(10)
    with pytest.raises(UnknownNameError, match="did you mean 'burst'"):
        cells_of(told, traffic=["bursts"])


def test_a_request_can_be_explained(params: Params, workload: Workload) -> None:
    told = with_arm(params, "new", STATIC)
    fleet = Fleet.of(params.base.fleet)
    cell = Cell("new", 24.0, 1)
    rig = Rig(told, fleet, {"test": workload}, None, 7)
    rows = run_cell(cell, rig)
    trace = explain(cell, 57, rig)
    assert trace is not None
    assert fleet.names[trace.chosen] == rows["instance"][57]
    assert trace.total.argmax() == trace.chosen or (trace.total == trace.total.max()).sum() > 1
    with pytest.raises(ParamsError, match="the cell has the requests 0 to 119"):
        explain(cell, 500, rig)


def test_learned_routers_go_by_the_worth_of_their_arm(params: Params, workload: Workload) -> None:
    worth = np.zeros((50, 4))
    worth[:, 1] = 1.0
    told = replace(workload, worth={"new": worth})
    arm = {"router": "route_llm", "threshold": 0.5, "dispatcher": "power_of_two"}
    rows = serve(params, told, arm)
    assert set(rows["tier"]) == {"7b_a30"}


def test_arm_params_survive_a_round_trip() -> None:
    arm = ArmParams.model_validate(STATIC | {"filter": {"mode": "tiered"}})
    assert ArmParams.model_validate(arm.model_dump()) == arm
