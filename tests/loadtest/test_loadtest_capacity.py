"""Capacities that are known beforehand are found, and an interval covers what it promises."""

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import ParamsError
from pipeline.fleet import Fleet
from pipeline.loadtest import Cell, Rig, Workload, run_cell
from pipeline.loadtest.capacity import (
    Capacity,
    Ladder,
    capacity_lines,
    find_capacity,
    last_step,
    share_met,
)
from pipeline.params import ArmParams, FleetParams, GammaParams, LimitParams, Params, PoissonParams
from pipeline.streams import stream
from tests.fleet.serving import small_fleet
from tests.loadtest.conftest import spread
from tests.reporting_rows import request, requests_frame

SERVICE_S = 0.2
LADDER = Ladder(3.0, 0.02)


@given(last=st.integers(-130, 130), stride=st.integers(1, 40))
def test_the_last_step_of_a_ladder_is_found(last: int, stride: int) -> None:
    found = last_step(lambda step: step <= last, stride, -100, 100, 1000)
    assert found.low == (None if last < -100 else min(last, 100))
    assert found.high == (None if last >= 100 else max(last + 1, -100))
    assert found.closed == (-100 <= last < 100)


@given(
    held=st.lists(st.booleans(), min_size=41, max_size=41),
    stride=st.integers(1, 9),
    budget=st.integers(1, 30),
)
def test_whatever_holds_a_bracket_holds_below_and_not_above(
    held: list[bool], stride: int, budget: int
) -> None:
    asked: list[int] = []

    def holds(step: int) -> bool:
        asked.append(step)
        return held[step + 20]

    found = last_step(holds, stride, -20, 20, budget)
    assert found.tried == len(asked) == len(set(asked)) <= budget
    assert found.low is None or held[found.low + 20]
    assert found.high is None or not held[found.high + 20]
    if found.low is not None and found.high is not None:
        assert found.low < found.high
        assert found.closed or found.tried == budget


def queue(rate: float, seed: int, n: int = 400) -> pl.DataFrame:
    """Rows of an M/D/1 queue by Lindley's recursion; arrivals of a seed scale with the rate."""
    times = np.cumsum(stream(seed, "queue").exponential(size=n)) / rate
    free, rows = 0.0, []
    for i, at in enumerate(times):
        free = max(free, at) + SERVICE_S
        rows.append(request(i, t_scheduled=at, t_first_token=free, t_done=free, output_tokens=1))
    return requests_frame(rows)


def search(
    serve: Callable[[Cell], pl.DataFrame], slo: LimitParams, seeds: int = 4, **changes: Any
) -> Capacity:
    told: dict[str, Any] = {"least": 0.95, "ladder": LADDER, "budget": 20 * seeds}
    told |= {"fewest": 120, "seconds": 1.0} | changes
    return find_capacity(serve, "told", "steady", range(seeds), slo, **told)


def test_the_capacity_of_a_queue_is_where_a_scan_of_all_rates_finds_it() -> None:
    slo = LimitParams(e2e_s=1.0)
    found = search(lambda cell: queue(cell.rate, cell.seed), slo)
    for one in found.seeds:
        rates = [LADDER.rate(step) for step in range(-10, 40)]
        meeting = [rate for rate in rates if share_met(queue(rate, one.seed), slo) >= 0.95]
        assert one.low == max(meeting)
    told = found.estimate
    lows = [one.low for one in found.seeds if one.low is not None]
    assert told.estimate == pytest.approx(np.mean(lows))
    assert told.low is not None
    assert told.high is not None
    assert told.low < told.estimate < told.high < 1 / SERVICE_S
    assert found.cells == found.curve["seeds"].sum() <= 80
    assert list(capacity_lines(found))[-1].startswith("capacity: ")


def test_the_interval_covers_the_mean_capacity_of_many_seeds() -> None:
    def capacity_of(seed: int) -> float:
        """Capacities of seeds as they might be: normal around 5 requests/s."""
        return 5.0 + 0.5 * float(stream(seed, "capacity").standard_normal())

    prompt, late = (requests_frame([request(i, t_done=at)]) for i, at in enumerate((2.0, 10.0)))

    def serve(cell: Cell) -> pl.DataFrame:
        return late if cell.rate > capacity_of(cell.seed) else prompt

    covered = 0
    for group in range(40):
        seeds = range(5 * group, 5 * group + 5)
        told = find_capacity(
            serve, "told", "steady", seeds, LimitParams(e2e_s=5.0),
            least=0.95, ladder=Ladder(4.0, 0.005), budget=100, fewest=1, seconds=1.0,
        ).estimate  # fmt: skip
        assert told.low is not None
        assert told.high is not None
        covered += told.low <= 5.0 <= told.high
    # 40 intervals of 95 %: fewer than 33 covering ones come once in a thousand times.
    assert covered >= 33


@pytest.mark.parametrize(
    ("late", "said"),
    [(10.0, "no rate down to 0.0468"), (2.0, "every rate up to 191.9")],
    ids=["never", "always"],
)
def test_a_capacity_beyond_the_ladder_is_unknown(late: float, said: str) -> None:
    rows = requests_frame([request(i, t_done=late) for i in range(20)])
    found = search(lambda cell: rows, LimitParams(e2e_s=5.0))
    assert found.estimate.estimate is None
    assert found.estimate.missing == 4
    lines = list(capacity_lines(found))
    assert said in lines[-5]
    assert "unknown" in lines[-1]


def test_failures_and_refusals_are_misses_and_own_wishes_come_first() -> None:
    rows = requests_frame(
        [
            request(0),
            request(1, status="failed", failure="HTTP 500", t_done=None),
            request(2, status="refused", failure="full", t_done=None, t_first_token=None),
            request(3, ttft_slo_s=0.4),
            request(4, measured=False, status="failed"),
        ]
    )
    assert share_met(rows, LimitParams(e2e_s=3.0)) == 0.5 - 0.25
    assert share_met(rows, LimitParams(e2e_s=3.0, ttft_s=0.6)) == 0.25
    with pytest.raises(ParamsError, match="no SLO is named"):
        share_met(rows.filter(pl.col("request_id") == 0), LimitParams())


def test_a_cell_lasts_long_enough_at_every_rate() -> None:
    cells: list[Cell] = []

    def serve(cell: Cell) -> pl.DataFrame:
        cells.append(cell)
        return queue(cell.rate, cell.seed)

    search(serve, LimitParams(e2e_s=1.0), seconds=50.0)
    assert all(cell.requests == max(120, np.ceil(50.0 * cell.rate)) for cell in cells)
    assert max(cell.requests or 0 for cell in cells) > 200


def test_brackets_that_the_cells_left_open_are_told() -> None:
    late = {True: 10.0, False: 2.0}
    served = {over: requests_frame([request(0, t_done=at)]) for over, at in late.items()}
    told = [
        search(lambda cell: served[cell.rate > 5.0], LimitParams(e2e_s=5.0), budget=budget)
        for budget in (16, 80)
    ]
    short, full = (list(capacity_lines(one)) for one in told)
    assert not any(one.closed for one in told[0].seeds)
    assert short[-1].startswith("of 4 of 4 seeds not every rate")
    assert all(one.closed for one in told[1].seeds)
    assert full[-1].startswith("capacity: ")


def test_too_few_cells_are_refused() -> None:
    with pytest.raises(ParamsError, match="at least 16 are accepted"):
        search(lambda cell: queue(cell.rate, cell.seed), LimitParams(e2e_s=1.0), budget=15)


@pytest.fixture
def one_server(params: Params, workload: Workload) -> Rig:
    """An instance that serves one request at a time, each in 20 iterations of 10 ms."""
    small = small_fleet(max_num_seqs=1)
    alone = FleetParams.model_validate(
        {"tiers": {"small": small.tiers["small"].model_dump()}, "instances": {"small": 1}}
    )
    n = len(workload.prompt_ids)
    lengths = np.full((n, 1), 20)
    estimates = workload.estimates
    told = Workload(
        workload.prompt_ids, workload.group_ids, workload.datasets,
        type(estimates)(
            prompt_tokens=np.full(n, 10.0),
            quality=type(estimates.quality)(*[np.full((n, 1), 0.5)] * 3),
            length=type(estimates.length)(lengths.astype(float), spread(lengths * 1.0), 0.9),
            cost=np.full((n, 1), 1e-6),
            oracle_quality=np.ones((n, 1)),
            dataset_quality=np.ones((n, 1)),
        ),
        lengths, [["counted"]] * n, np.ones((n, 1)), "emu-small",
    )  # fmt: skip
    arm = ArmParams(router="passthrough", dispatcher="round_robin")
    load = params.loadtest.model_copy(update={"arms": {"told": arm}})
    return Rig(load, Fleet.of(alone), {"test": told}, None, 7)


def test_a_server_of_known_pace_carries_what_it_can(one_server: Rig) -> None:
    even = one_server.params.model_copy(update={"arrivals": GammaParams(burstiness=1e6)})
    rig = Rig(even, one_server.fleet, one_server.workloads, None, 7)
    slo = LimitParams(e2e_s=2 * SERVICE_S)
    found = search(lambda cell: run_cell(cell, rig), slo, seeds=2)
    for one in found.seeds:
        assert one.low == pytest.approx(1 / SERVICE_S, rel=0.03)
    assert found.label == "simulated"


def test_a_higher_rate_brings_the_same_arrivals_closer_together(one_server: Rig) -> None:
    poisson = one_server.params.model_copy(update={"arrivals": PoissonParams()})
    rig = Rig(poisson, one_server.fleet, one_server.workloads, None, 7)
    slow, fast = (run_cell(Cell("told", rate, 3, draws=2.0), rig) for rate in (2.0, 4.0))
    assert slow["prompt_id"].equals(fast["prompt_id"])
    assert (slow["t_scheduled"] / 2).to_list() == pytest.approx(fast["t_scheduled"].to_list())
    assert run_cell(Cell("told", 2.0, 3), rig).equals(slow)
    longer = run_cell(Cell("told", 4.0, 3, draws=2.0, requests=200), rig)
    assert longer.height == 200
    for column in ("prompt_id", "t_scheduled"):
        assert longer[column].head(fast.height).equals(fast[column])
