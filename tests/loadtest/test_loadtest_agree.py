"""What identical arms differ by, and whether simulated and served rows say the same."""

from typing import Any

import numpy as np
import polars as pl
import pytest

from pipeline.errors import DataError
from pipeline.loadtest import Cell
from pipeline.loadtest.served import (
    TWIN,
    Fidelity,
    Served,
    WithTwins,
    agree_lines,
    agreement,
    floor_lines,
    floors,
    interleaved,
    twinned,
)
from pipeline.streams import stream
from tests.reporting_rows import request, requests_frame

SEEDS = range(1, 9)
CELLS = twinned([Cell("a", 6.0, seed) for seed in SEEDS], "a")


class Rig:
    """A front whose second run of a seed is slower by `slot`, and every run noisy by `noise`."""

    def __init__(self, slot: float, noise: float) -> None:
        self.slot, self.noise, self.runs = slot, noise, dict[int, int]()
        self.draws = stream(1, "rig")

    def key(self, cell: Cell) -> str:
        return f"{cell.arm} {cell.seed}"

    def run(self, cell: Cell) -> Served:
        place = self.runs[cell.seed] = self.runs.get(cell.seed, -1) + 1
        done = 3.5 + 0.1 * cell.seed + place * self.slot + self.noise * self.draws.normal()
        rows = [request(i, arm=cell.arm, seed=cell.seed, t_done=done) for i in range(20)]
        return Served(requests_frame(rows))


def served(rig: Rig) -> pl.DataFrame:
    front = WithTwins(rig)
    return pl.concat([front.run(cell).rows for cell in interleaved(CELLS, "abba", 1)])


def test_a_twin_is_a_run_of_its_own_under_its_own_name() -> None:
    rig = Rig(0.0, 0.0)
    front = WithTwins(rig)
    one, twin = CELLS[:2]
    assert twin.arm == "a" + TWIN
    assert front.key(one) == "a 1" != front.key(twin)
    assert front.run(twin).rows["arm"].unique().to_list() == [twin.arm]
    assert rig.runs == {1: 0}


def test_the_slot_is_told_apart_from_the_noise() -> None:
    rows = served(Rig(slot=0.5, noise=0.01))
    found = {one.metric.split(",")[0]: one for one in floors(rows, CELLS, "abba", 1, "a")}
    e2e = found["mean E2E"]
    assert e2e.slot.estimate == pytest.approx(-0.5, abs=0.02)
    assert e2e.difference.estimate == pytest.approx(0.0, abs=0.02)
    assert e2e.floor.estimate is not None
    # Two runs of noise 0.01 differ by 0.014; the slot of half a second is not in the floor.
    assert 0.005 < e2e.floor.estimate < 0.03
    assert (e2e.floor.n, e2e.slot.n) == (len(SEEDS) - 1, len(SEEDS))
    assert found["mean quality"].floor.method == "degenerate: identical arms never differed"
    assert len(list(floor_lines(list(found.values())))) == 3


def test_the_floor_does_not_move_with_the_slot() -> None:
    plain, shifted = (
        floors(served(Rig(slot, 0.02)), CELLS, "abba", 1, "a")[0].floor.estimate
        for slot in (0.0, 0.7)
    )
    assert plain == pytest.approx(shifted)


def test_runs_without_a_partner_are_refused() -> None:
    rows = served(Rig(0.0, 0.1)).filter(~((pl.col("arm") == "a") & (pl.col("seed") == 3)))
    with pytest.raises(DataError, match="have not the same runs"):
        floors(rows, CELLS, "abba", 1, "a")


def cell(label: str, later: float = 0.0, **changes: Any) -> pl.DataFrame:
    rng = np.random.default_rng(2)
    rows = []
    for seed in (1, 2):
        for i in range(40):
            first = 1.3 + 0.4 * float(rng.random()) + later
            times = {"t_first_token": first, "t_done": first + 2.0, "label": label, "seed": seed}
            rows.append(request(i, **times, **changes))
    return requests_frame(rows)


def table_of(simulated: pl.DataFrame, other: pl.DataFrame, **fidelity: float) -> dict[str, Any]:
    told = agreement(simulated, other, fidelity=Fidelity(**fidelity), level=0.95, seed=1)
    assert len(list(agree_lines(told))) == told.height + 1
    return {row["metric"]: row for row in told.iter_rows(named=True)}


def test_equal_rows_agree_exactly() -> None:
    told = table_of(cell("simulated"), cell("emulated"))
    assert told["same_model"]["served"] == 1.0
    assert told["mix"]["served"] == 0.0
    for metric in ("quality", "cost_usd", "ttft_s", "tpot_s", "e2e_s"):
        assert told[metric]["within"] is True
        assert told[metric]["estimate"] == pytest.approx(0.0, abs=1e-15)
    assert told["e2e_s"]["label"] == "simulated against emulated"


def test_times_may_be_off_by_a_share_or_by_the_wire() -> None:
    late = cell("emulated", later=0.02)
    assert table_of(cell("simulated"), late, wire_ms=0.0)["ttft_s"]["within"] is True
    tight = table_of(cell("simulated"), late, percent=1.0, wire_ms=10.0)
    assert tight["ttft_s"]["within"] is False
    assert tight["ttft_s"]["estimate"] == pytest.approx(0.02)
    assert tight["e2e_s"]["within"] is True
    assert tight["tpot_s"]["within"] is True
    assert table_of(cell("simulated"), late, percent=1.0, wire_ms=25.0)["ttft_s"]["within"] is True


def test_another_mix_and_worse_answers_are_told() -> None:
    worse = cell("live").with_columns(
        pl.when(pl.col("request_id") % 2 == 0).then(0.0).otherwise("quality").alias("quality"),
        pl.when(pl.col("request_id") < 10).then(pl.lit("m-big")).otherwise("model").alias("model"),
    )
    told = table_of(cell("simulated"), worse)
    assert told["quality"]["within"] is False
    assert told["mix"]["served"] == told["same_model"]["simulated"] - 0.75
    assert told["same_model"]["served"] == 0.75


def test_other_requests_are_refused() -> None:
    simulated = cell("simulated")
    with pytest.raises(DataError, match="have not the same requests"):
        table_of(simulated, cell("emulated").head(70))
    with pytest.raises(DataError, match="share no cell"):
        table_of(simulated, cell("emulated", rate=7.0))
