"""The grid on Ray is the grid."""

from pathlib import Path

import polars as pl
import pytest

from pipeline.loadtest import Bench, Workload, cells_of, run_grid
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
