"""Published orderings beside ours, and the router's error about its instances: by hand."""

import math
from typing import Any

import polars as pl
import pytest

from pipeline.errors import UnknownNameError
from pipeline.params import ClaimParams, PublishedParams
from pipeline.reporting.ablation import published_cells, published_table
from tests.reporting_rows import request, requests_frame


def rows(**e2e_by_seed: list[float]) -> pl.DataFrame:
    """Two requests per arm and seed, whose mean E2E is the one given."""
    found: list[dict[str, Any]] = []
    for arm, means in e2e_by_seed.items():
        for seed, mean in enumerate(means, start=1):
            for number, e2e in enumerate((mean - 0.5, mean + 0.5)):
                found.append(
                    request(
                        number,
                        arm=arm,
                        seed=seed,
                        traffic="burst",
                        rate=18.0,
                        t_done=1.0 + e2e,
                        model="b" if number else "a",
                    )
                )
    return requests_frame(found)


def claim(**changes: Any) -> PublishedParams:
    told = {"traffic": "burst", "rate": 18.0, "faster": "x", "slower": "y", "ratio": 0.5}
    return PublishedParams(level=0.95, claims={"c": ClaimParams.model_validate(told | changes)})


def test_the_ratio_is_the_geometric_mean_over_seeds() -> None:
    table = published_table(rows(x=[1.0, 2.0, 3.0], y=[2.0, 4.2, 5.7]), claim())
    (row,) = table.iter_rows(named=True)
    logs = [math.log(1 / 2), math.log(2 / 4.2), math.log(3 / 5.7)]
    assert row["ratio"] == pytest.approx(math.exp(sum(logs) / 3))
    assert row["low"] < row["ratio"] < row["high"] < 1
    assert row["verdict"] == "same order"
    assert (row["faster_s"], row["published_ratio"], row["runs"]) == (2.0, 0.5, 3)
    assert row["label"] == "simulated"


@pytest.mark.parametrize(
    ("x", "verdict"),
    [([3.0, 6.3, 8.9], "reversed"), ([2.1, 3.9, 5.8], "not told apart")],
)
def test_verdicts(x: list[float], verdict: str) -> None:
    table = published_table(rows(x=x, y=[2.0, 4.2, 5.7]), claim())
    assert table["verdict"].to_list() == [verdict]


def test_one_seed_tells_nothing_apart() -> None:
    (row,) = published_table(rows(x=[1.0], y=[9.0]), claim()).iter_rows(named=True)
    assert (row["low"], row["verdict"]) == (None, "not told apart")


def test_an_arm_without_rows_is_named() -> None:
    with pytest.raises(UnknownNameError, match=r"unknown arm 'z' in published\.claims\.c"):
        published_table(rows(x=[1.0], y=[2.0]), claim(slower="z"))


def test_cells_hold_the_named_arms_and_their_mix() -> None:
    cells = published_cells(rows(x=[1.0, 2.0], y=[2.0, 3.0], other=[9.0, 9.0]), claim())
    assert cells["arm"].to_list() == ["x", "y"]
    assert cells["e2e_s"].to_list() == [1.5, 2.5]
    assert cells["mix"].to_list() == ["50/50", "50/50"]
    assert cells["router_s"][0] == pytest.approx(0.1)
