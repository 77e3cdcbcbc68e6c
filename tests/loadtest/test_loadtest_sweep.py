"""A sweep over HTTP: interleaved, resumed, refused where its client was late."""

from pathlib import Path

import polars as pl
import pytest

from pipeline.errors import DataError, EndpointError, ParamsError
from pipeline.loadtest import Cell
from pipeline.loadtest.served import Served, kept_cell, sweep_over_http
from pipeline.loadtest.served._front import wait_idle
from pipeline.params import (
    Params,
)


def test_a_cell_waits_for_the_rest_of_the_one_before() -> None:
    counts, slept = iter([3, 1, 0]), list[float]()
    wait_idle(lambda: next(counts), 10.0, clock=lambda: 0.0, sleep=slept.append)
    assert len(slept) == 2
    ticks = iter(range(100))
    with pytest.raises(EndpointError, match="2 requests are still under way in the fleet after 3"):
        wait_idle(lambda: 2, 3.0, clock=lambda: float(next(ticks)), sleep=slept.append)


class Counting:
    """A front that serves one row per cell, late where it is told to be."""

    def __init__(self, late: float = 0.0) -> None:
        self.late, self.served = late, list[Cell]()

    def key(self, cell: Cell) -> str:
        return f"{cell.arm}-{cell.seed}"

    def run(self, cell: Cell) -> Served:
        from tests.reporting_rows import request, requests_frame

        self.served.append(cell)
        row = request(arm=cell.arm, seed=cell.seed, t_issued=1.0 + self.late)
        return Served(requests_frame([row]))


def sweep(front: Counting, cells: list[Cell], params: Params, kept: Path) -> list[pl.DataFrame]:
    return [one.rows for one in sweep_over_http(front, cells, params.loadtest, kept, 1)]


def test_a_sweep_is_interleaved_and_pays_no_cell_twice(params: Params, tmp_path: Path) -> None:
    cells = [Cell(arm, 6.0, seed) for seed in (1, 2) for arm in ("random", "round_robin")]
    first, second = Counting(), Counting()
    assert sweep(first, cells[:3], params, tmp_path)
    rows = sweep(second, cells, params, tmp_path)
    assert second.served == cells[3:]
    assert [one["arm"][0] for one in rows] == [cell.arm for cell in cells]
    third = Counting()
    sweep(third, cells, params, tmp_path / "other")
    assert [cell.arm for cell in third.served] == ["random", "round_robin", "round_robin", "random"]


def test_a_late_cell_is_refused_and_not_kept(params: Params, tmp_path: Path) -> None:
    late, cell = Counting(late=0.5), Cell("random", 6.0, 1)
    with pytest.raises(DataError, match="the client was late: 1 of 1"):
        sweep(late, [cell], params, tmp_path)
    assert not list(tmp_path.iterdir())
    served = kept_cell(late, cell, tmp_path, params.loadtest.http, keep_late=True)
    assert served.rows.height == 1
    assert not list(tmp_path.iterdir())


def test_a_traffic_that_only_a_simulation_has_is_refused(params: Params, tmp_path: Path) -> None:
    front = Counting()
    faulty = next(name for name, one in params.loadtest.traffic.items() if one.faults or one.change)
    with pytest.raises(ParamsError, match="only a simulated fleet follows"):
        sweep(front, [Cell("random", 6.0, 1), Cell("random", 6.0, 1, faulty)], params, tmp_path)
    assert not front.served
