"""The grid on Ray is the grid, and what travels there needs no file."""

import pickle
import shutil
from pathlib import Path

import polars as pl
import pytest

from pipeline.fleet.steptime import TierProfile, curve_params, step_time, write_profile
from pipeline.loadtest import Bench, Cell, Workload, cells_of, run_cell, run_grid
from pipeline.params import Params
from pipeline.predictors import LatencyModel, save_latency


def test_a_grid_on_ray_has_the_rows_of_a_grid_here(
    params: Params, workload: Workload, latency: LatencyModel, tmp_path: Path
) -> None:
    pytest.importorskip("ray", reason="needs the extra «ray»")
    save_latency(latency, tmp_path / "latency")
    splits = {"test": workload}
    bench = Bench(
        params.loadtest, params.base.fleet, splits, tmp_path / "latency", 7, "one set of inputs"
    )
    cells = cells_of(params.loadtest, ["fused_uniform", "random"], [12.0], [1, 2], ["steady"])
    here = pl.concat(list(run_grid(bench, cells, tmp_path / "here", 1)))
    there = pl.concat(list(run_grid(bench, cells, tmp_path / "there", 2, "ray")))
    assert here.equals(there)
    assert len(list((tmp_path / "there").glob("*.parquet"))) == 4


def test_a_rig_needs_no_file_once_it_is_made(
    params: Params, workload: Workload, latency: LatencyModel, tmp_path: Path
) -> None:
    save_latency(latency, tmp_path / "latency")
    fleet = params.base.fleet
    name, tier = next(iter(fleet.tiers.items()))
    step = curve_params(step_time(tier))
    measured = TierProfile(
        label="fitted", gpu=tier.gpu, model=tier.model, tp=1, form="curve", step=step, command="-"
    )
    file = tmp_path / "tier.json"
    write_profile(measured, file)
    of_file = tier.model_copy(update={"step": None, "profile": str(file)})
    fleet = fleet.model_copy(update={"tiers": fleet.tiers | {name: of_file}})
    bench = Bench(params.loadtest, fleet, {"test": workload}, tmp_path / "latency", 7, "inputs")
    cell, rig = Cell("fused_uniform", 12.0, 1), bench.rig()
    here = run_cell(cell, rig)
    sent = pickle.dumps(rig)
    file.unlink()
    shutil.rmtree(tmp_path / "latency")
    assert run_cell(cell, pickle.loads(sent)).equals(here)
