from typing import Any

import numpy as np
import polars as pl
import pytest

from pipeline.reporting.frontier._aligned import Aligned
from pipeline.reporting.frontier._bands import BAND_SCHEMA, band_rows
from pipeline.reporting.frontier._draws import JointPoints
from pipeline.reporting.frontier._extremes import extreme_table
from pipeline.reporting.frontier._hypervolume import hypervolume_rows
from pipeline.reporting.frontier._radar import radar_table
from pipeline.statistics import Estimate
from tests.reporting.frontier_case import case_params, joint_of
from tests.reporting_rows import fleet_rows

NAN = float("nan")
DRAWS = 400
# The box: quality 0 to 1, E2E 10 to 0 s, cost 1 to 0 USD.
BOX = {
    "quality": {"worst": 0.0, "best": 1.0},
    "e2e_s": {"worst": 10.0, "best": 0.0},
    "cost_usd": {"worst": 1.0, "best": 0.0},
}


def _joint(points: dict[str, tuple[float, float, float]], **draws: Any) -> JointPoints:
    """Arms with quality, E2E and cost; the draws of an axis are its points unless given."""
    arms = list(points)
    table = dict(zip(("quality", "e2e_s", "cost_usd"), np.array([*points.values()]).T, strict=True))
    frames = {arm: pl.DataFrame({"label": ["simulated"]}) for arm in arms}
    groups = np.array(["g0", "g1"], dtype=object)
    own = Estimate(0.5, None, None, 0.95, "", 2, 2, missing=1)
    fixed = {axis: np.tile(means, (DRAWS, 1)) for axis, means in table.items()}
    return JointPoints(
        requests=Aligned(6.0, frames, groups, np.zeros((2, len(arms)), dtype=np.int64)),
        estimates={"quality": [own] * len(arms)},
        points=table,
        draws=fixed | draws,
        strong=0,
        weak=0,
    )


def _frontier(**systems: tuple[str, ...]) -> Any:
    return case_params(systems, bounds=BOX).frontier


def _volumes(joint: JointPoints, frontier: Any) -> dict[tuple[str, str | None], dict[str, Any]]:
    return {(row["system"], row["against"]): row for row in hypervolume_rows(joint, frontier)}


def test_hypervolume_by_hand():
    joint = _joint({"a": (0.5, 5.0, 0.5), "b": (0.5, 5.0, 0.75), "c": (0.25, 0.0, 0.5)})
    found = _volumes(joint, _frontier(one=("a",), two=("b",), both=("b", "c")))
    values = {key: row["estimate"] for key, row in found.items()}
    # Both: 0.0625 of b and 0.25 * 1 * 0.5 of c, less what they share, 0.25 * 0.5 * 0.25.
    assert values == pytest.approx(
        {
            ("one", None): 0.125,
            ("two", None): 0.0625,
            ("both", None): 0.15625,
            ("two", "one"): -0.0625,
            ("both", "one"): 0.03125,
        }
    )
    assert (found["both", "one"]["missing"], found["one", None]["n"]) == (3, 2)
    assert found["one", None]["label"] == "simulated"


def test_hypervolume_differences_are_taken_draw_by_draw():
    luck = np.random.default_rng(0).uniform(0.3, 0.7, (DRAWS, 1))
    joint = _joint({"a": (0.5, 5.0, 0.5), "b": (0.5, 5.0, 0.75)}, quality=np.hstack([luck, luck]))
    found = _volumes(joint, _frontier(one=("a",), two=("b",)))
    low, high = np.quantile(-0.125 * luck, [0.025, 0.975])
    assert found["two", "one"]["low"] == pytest.approx(low)
    assert found["two", "one"]["high"] == pytest.approx(high)
    same = _volumes(joint, _frontier(one=("a",), again=("a",)))["again", "one"]
    assert (same["estimate"], same["low"]) == (0.0, None)


def test_hypervolume_of_what_cannot_be_drawn_has_no_interval():
    """One run has no draws of E2E: the point stays, but to leave the arm out would be a lie."""
    joint = _joint(
        {"a": (0.5, 5.0, 0.5), "b": (0.9, 5.0, 0.5)},
        e2e_s=np.tile([5.0, NAN], (DRAWS, 1)),
        quality=np.random.default_rng(0).uniform(0.4, 0.6, (DRAWS, 2)),
    )
    row = _volumes(joint, _frontier(one=("a", "b")))["one", None]
    assert row["estimate"] == pytest.approx(0.225)
    assert (row["low"], row["method"]) == (None, "degenerate: undefined in 400 of 400 draws")


def test_the_first_system_with_points_is_the_one_compared_with():
    joint = _joint({"a": (NAN, 5.0, 0.5), "b": (0.5, 5.0, 0.5), "c": (0.5, 5.0, 0.5)})
    found = _volumes(joint, _frontier(one=("a",), two=("b",), three=("c",), gone=("d",)))
    assert set(found) == {("two", None), ("three", None), ("three", "two")}
    assert hypervolume_rows(joint, _frontier(one=("a",))) == []


def test_more_operating_points_never_shrink_a_system():
    params = case_params({"part": ("a",), "whole": ("a", "b")})
    joint = joint_of(fleet_rows(rates=(6.0,)), params)
    found = _volumes(joint, params.frontier)
    assert found["whole", None]["estimate"] >= found["part", None]["estimate"] > 0.0
    assert found["whole", "part"]["low"] >= 0.0


BANDED = {"a": (0.2, 1.0, 0.1), "b": (0.6, 3.0, 0.2), "c": (0.5, 5.0, 0.3)}


def _bands(joint: JointPoints, frontier: Any, system: str, plane: str, kind: str) -> pl.DataFrame:
    table = pl.DataFrame(band_rows(joint, frontier), schema=BAND_SCHEMA, orient="row")
    return table.filter(system=system, plane=plane, kind=kind)


def test_bands_step_up_or_mix_by_hand():
    joint, frontier = _joint(BANDED), _frontier(one=("a", "b", "c"))
    steps = _bands(joint, frontier, "one", "quality_latency", "steps")
    at, found = steps["at"].to_numpy(), steps["estimate"].to_numpy()
    assert found == pytest.approx(np.where(at < 3.0, 0.2, 0.6))
    hull = _bands(joint, frontier, "one", "quality_latency", "hull")
    assert hull["estimate"].to_numpy() == pytest.approx(np.minimum(0.2 + 0.2 * (at - 1.0), 0.6))
    cost = _bands(joint, frontier, "one", "quality_cost", "steps")
    assert (cost["at"].min(), cost["at"].max()) == (0.1, 0.3)
    assert set(cost["at_unit"]) == {"USD per request"}
    # Draws that are all the same bound nothing.
    assert steps["low"].null_count() == steps.height
    assert set(steps["defined"]) == {1.0}


def test_bands_are_quantiles_of_what_the_draws_attain():
    quality = np.random.default_rng(0).uniform(0.4, 0.6, (DRAWS, 1))
    joint = _joint({"a": (0.5, 1.0, 0.1)}, quality=quality)
    [row] = _bands(joint, _frontier(one=("a",)), "one", "quality_cost", "steps").to_dicts()
    assert (row["at"], row["estimate"]) == (0.1, 0.5)
    assert [row["low"], row["high"]] == pytest.approx(np.quantile(quality, [0.025, 0.975]))
    reach = np.quantile(np.abs(quality - 0.5), 0.95)
    assert [row["joint_low"], row["joint_high"]] == pytest.approx([0.5 - reach, 0.5 + reach])


def test_bands_share_their_abscissae_and_say_nothing_left_of_the_first_point():
    joint, frontier = _joint(BANDED), _frontier(one=("a", "b"), two=("c",))
    one = _bands(joint, frontier, "one", "quality_latency", "steps")
    two = _bands(joint, frontier, "two", "quality_latency", "steps")
    assert one["at"].to_list() == two["at"].to_list()
    left = two.filter(pl.col("at") < 5.0)
    assert left["estimate"].null_count() == left.height == two.height - 1
    assert set(left["defined"]) == {0.0}


def _cells() -> pl.DataFrame:
    means = {  # arm: quality, E2E, cost, throughput
        "cheap": (0.4, 2.0, 1e-5, 10.0),
        "good": (0.8, 4.0, 4e-5, 8.0),
        "dull": (0.5, 3.0, 3e-5, 10.0),
        "other": (0.6, 1.0, 2e-5, 5.0),
    }
    metrics = ("quality", "e2e_s", "cost_usd", "throughput_rps")
    rows = [
        {"arm": arm, "rate": 6.0, "metric": metric, "handling": handling, "label": "simulated"}
        | {"estimate": value if handling == "complete" else 0.0}
        for arm, values in means.items()
        for metric, value in zip(metrics, values, strict=True)
        for handling in ("complete", "failures_included")
    ]
    return pl.DataFrame(rows)


SYSTEMS = {"one": ("cheap", "good", "dull"), "two": ("other", "absent"), "gone": ("absent",)}


def test_extremes_by_hand():
    table = extreme_table(_cells(), SYSTEMS)
    arms = {(row["system"], row["extreme"]): row["arm"] for row in table.to_dicts()}
    assert arms == {
        ("one", "peak quality"): "good",
        ("one", "lowest E2E"): "cheap",
        ("one", "lowest cost"): "cheap",
        ("one", "highest throughput"): "cheap",  # as many as dull, but declared before it
        **{("two", extreme): "other" for extreme in table["extreme"].unique()},
    }
    peak = table.filter(system="one", extreme="peak quality").to_dicts()[0]
    assert (peak["quality"], peak["e2e_s"], peak["throughput_rps"]) == (0.8, 4.0, 8.0)
    assert (peak["points"], peak["hull_points"]) == (3, 2)  # dull lies below the mixture


def test_radar_by_hand():
    table = radar_table(_cells(), SYSTEMS)
    shares = {(row["system"], row["axis"]): row["share_of_best"] for row in table.to_dicts()}
    assert shares == pytest.approx(
        {
            ("one", "quality"): 1.0,
            ("two", "quality"): 0.75,
            ("one", "mean E2E"): 0.5,
            ("two", "mean E2E"): 1.0,
            ("one", "cost"): 1.0,
            ("two", "cost"): 0.5,
            ("one", "throughput"): 1.0,
            ("two", "throughput"): 0.5,
        }
    )
    row = table.filter(system="one", axis="mean E2E").to_dicts()[0]
    assert (row["arm"], row["value"], row["unit"]) == ("cheap", 2.0, "s")


def test_a_missing_mean_is_not_the_best():
    cells = _cells().with_columns(
        pl.when((pl.col("arm") == "good") & (pl.col("metric") == "quality"))
        .then(None)
        .otherwise("estimate")
        .alias("estimate")
    )
    row = extreme_table(cells, SYSTEMS).filter(system="one", extreme="peak quality").to_dicts()[0]
    assert (row["arm"], row["quality"], row["points"]) == ("dull", 0.5, 3)
