"""Cells of the load test: conservation, common random numbers, the router's own time, resume."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from pipeline.errors import DataError, UnknownNameError
from pipeline.fleet import Fleet
from pipeline.loadtest import Bench, Cell, Rig, Workload, cells_of, run_cell, run_grid, summary
from pipeline.params import Params
from pipeline.predictors import (
    LatencyModel,
    save_latency,
)
from pipeline.rows import REQUESTS


def cell(
    arm: str,
    params: Params,
    workload: Workload,
    latency: LatencyModel,
    rate: float = 12.0,
    seed: int = 1,
) -> pl.DataFrame:
    fleet = Fleet.of(params.base.fleet)
    return run_cell(
        Cell(arm, rate, seed), Rig(params.loadtest, fleet, {"test": workload}, latency, 7)
    )


@pytest.mark.parametrize(
    "arm", ["fused_uniform", "decoupled_predictive", "round_robin", "query_oracle"]
)
def test_every_request_has_one_row_and_time_runs_forward(
    arm: str, params: Params, workload: Workload, latency: LatencyModel
) -> None:
    rows = cell(arm, params, workload, latency)
    assert rows["request_id"].to_list() == list(range(120))
    assert (rows["status"] == "ok").all()
    times = ["t_scheduled", "t_decided", "t_dispatched", "t_first_token", "t_done"]
    for before, after in pairwise(times):
        assert (rows[before] <= rows[after]).all()
    assert rows["measured"].sum() == 100
    assert rows.filter(pl.col("quality").is_null())["prompt_id"].unique().to_list() in ([], ["p00"])


def test_arms_share_arrivals_and_prompts(
    params: Params, workload: Workload, latency: LatencyModel
) -> None:
    one, other = (cell(arm, params, workload, latency) for arm in ("random", "fused_cost"))
    assert one["t_scheduled"].equals(other["t_scheduled"])
    assert one["prompt_id"].equals(other["prompt_id"])
    fresh = cell("random", params, workload, latency, seed=2)
    assert not one["t_scheduled"].equals(fresh["t_scheduled"])


def test_the_same_cell_gives_the_same_rows(
    params: Params, workload: Workload, latency: LatencyModel
) -> None:
    one, other = (cell("fused_uniform", params, workload, latency) for _ in range(2))
    assert one.equals(other)


def test_arrivals_have_the_named_rate_and_are_not_rescaled(
    params: Params, workload: Workload, latency: LatencyModel
) -> None:
    lasts = [
        cell("round_robin", params, workload, latency, rate=20.0, seed=s)["t_scheduled"][-1]
        for s in range(40)
    ]
    # The 120th arrival of a Poisson process: mean 6 s, s.d. sqrt(120)/20; 40 runs.
    spread = 120**0.5 / 20
    assert abs(np.mean(lasts) - 6.0) < 4 * spread / 40**0.5
    assert 0.6 * spread < np.std(lasts) < 1.5 * spread


def test_every_prompt_comes_once_before_any_comes_again(
    params: Params, workload: Workload, latency: LatencyModel
) -> None:
    rows = cell("random", params, workload, latency)
    assert rows["prompt_id"][:50].n_unique() == 50
    assert rows["prompt_id"][50:100].n_unique() == 50


def test_cost_and_quality_are_the_served_pair(
    params: Params, workload: Workload, latency: LatencyModel
) -> None:
    tiers = params.base.fleet.tiers
    models = params.base.fleet.models
    for row in cell("random", params, workload, latency).iter_rows(named=True):
        tier = tiers[row["tier"]]
        assert tier.model == row["model"]
        dollars = row["prompt_tokens"] * tier.price_in + row["output_tokens"] * tier.price_out
        assert row["cost_usd"] == pytest.approx(dollars / 1e6)
        prompt, model = int(row["prompt_id"][1:]), models.index(row["model"])
        label = workload.quality[prompt, model]
        assert row["quality"] == (None if np.isnan(label) else label)


def test_an_idle_router_waits_for_nobody_and_a_slow_one_queues(
    params: Params, workload: Workload, latency: LatencyModel
) -> None:
    rare = cell("fused_uniform", params, workload, latency, rate=0.5)
    alone = rare.filter(pl.col("batch_size") == 1)
    waited = alone["t_decided"] - alone["t_scheduled"]
    cost = params.loadtest.router.costs["encode"]
    assert waited.median() == pytest.approx(1e-3 * (cost.base_ms + cost.per_request_ms))
    dense = cell("fused_uniform", params, workload, latency, rate=400.0)
    assert dense["batch_size"].max() > 4
    assert (dense["t_decided"] - dense["t_scheduled"]).mean() > 0.012


def test_beliefs_are_stored_only_by_arms_that_hold_them(
    params: Params, workload: Workload, latency: LatencyModel
) -> None:
    fused = cell("fused_uniform", params, workload, latency)
    blind = cell("random", params, workload, latency)
    static = cell("static_prior", params, workload, latency)
    assert fused["predicted_e2e_low"].null_count() == 0
    assert (fused["predicted_e2e_low"] <= fused["predicted_e2e_high"]).all()
    assert blind["predicted_e2e"].null_count() == blind.height
    assert blind["score_quality"].null_count() == blind.height
    assert static["predicted_tpot_low"].null_count() == 0  # calibrated, though never trained


@pytest.fixture
def bench(params: Params, workload: Workload, latency: LatencyModel, tmp_path: Path) -> Bench:
    save_latency(latency, tmp_path / "latency")
    fleet = params.base.fleet
    return Bench(params.loadtest, fleet, {"test": workload}, tmp_path / "latency", 7, "inputs")


def test_a_grid_resumes_and_repeats_nothing(
    bench: Bench, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cells = cells_of(bench.params, ["random", "fused_uniform"], [12.0], [1, 2], ["steady"])
    kept = tmp_path / "kept"
    assert len(list(run_grid(bench, cells[:3], kept, 1))) == 3
    stamps = {path.name: path.stat().st_mtime_ns for path in kept.iterdir()}
    capsys.readouterr()
    whole = pl.concat(list(run_grid(bench, cells, kept, 1)))
    assert "4 cells, 3 kept from before" in capsys.readouterr().err
    assert whole.select(REQUESTS.key).is_unique().all()
    assert whole.height == 4 * 120
    assert all(
        path.stat().st_mtime_ns == stamps.get(path.name, path.stat().st_mtime_ns)
        for path in kept.iterdir()
    )


def test_workers_give_the_same_rows_as_one_process(bench: Bench, tmp_path: Path) -> None:
    cells = cells_of(bench.params, ["fused_uniform", "random"], [6.0], [1], ["steady"])
    alone = list(run_grid(bench, cells, tmp_path / "one", 1))
    shared = list(run_grid(bench, cells, tmp_path / "two", 2))
    assert all(a.equals(b) for a, b in zip(alone, shared, strict=True))


def test_the_key_of_a_cell_moves_with_what_matters_only(bench: Bench) -> None:
    params = bench.params
    other = params.model_copy(
        update={"rates": (1.0,), "arms": params.arms | {"new": params.arms["random"]}}
    )
    cell = Cell("random", 6.0, 1)
    same = Bench(other, bench.fleet, bench.workloads, bench.latency_folder, 7, "inputs")
    assert same.key(cell) == bench.key(cell)
    longer = params.model_copy(update={"requests": 121})
    moved = Bench(longer, bench.fleet, bench.workloads, bench.latency_folder, 7, "inputs")
    assert moved.key(cell) != bench.key(cell)
    assert bench.key(Cell("random", 6.0, 2)) != bench.key(cell)


def test_unknown_arm_is_refused(bench: Bench) -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'random'"):
        cells_of(bench.params, ["randon"])


def test_summary_names_what_it_left_out(
    params: Params, workload: Workload, latency: LatencyModel
) -> None:
    lines = list(summary(cell("round_robin", params, workload, latency)))
    assert lines[0].split()[:4] == ["traffic", "arm", "rate", "n"]
    assert lines[1].split()[:4] == ["steady", "round_robin", "12", "100"]


def test_a_fleet_that_the_predictors_do_not_know_is_refused() -> None:
    from pipeline.loadtest import make_workload
    from pipeline.predictors import LengthModel, QualityModel
    from pipeline.predictors.learners import Knn

    quality, length = QualityModel(Knn(1), 0.9), LengthModel(Knn(1), 0.9)
    quality.models_ = length.models_ = ["a"]
    with pytest.raises(DataError, match="the predictors know the models a, but the fleet has b"):
        make_workload(pl.DataFrame(), pl.DataFrame(), quality, length, {"b": (0.1, 0.1)}, {})
