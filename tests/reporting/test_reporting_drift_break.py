"""Doses of error and the dose at which the lead is gone, on utilities known run by run."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import DataError, ParamsError
from pipeline.params import ArmParams, BreakPointParams, load_params
from pipeline.reporting.drift import drift_tables
from pipeline.reporting.drift._break_points import crossing
from tests.reporting_rows import request, requests_frame

OURS = {
    "router": "fused", "dispatcher": "shortest_queue", "weights": "only_quality",
    "latency": "learned",
}  # fmt: skip
PLAIN = {"router": "passthrough", "dispatcher": "random"}
ARMS = {
    "ours": OURS,
    "low": OURS | {"error": {"quality": 0.2}},
    "high": OURS | {"error": {"quality": 0.4, "length": 1.0}},
    "old": OURS | {"telemetry": {"period_s": 1.0, "delay_s": 2.0}},
    "plain": PLAIN,
    "worse": PLAIN,
}
# Mean utility (here quality) by run.
LEADS = {
    "ours": (0.9, 0.7, 0.8), "low": (0.7, 0.6, 0.65), "high": (0.4, 0.2, 0.3),
    "old": (0.8, 0.8, 0.8), "plain": (0.6, 0.4, 0.5), "worse": (0.1, 0.1, 0.1),
}  # fmt: skip


def _rows(leads=LEADS):
    return [
        request(i, arm=arm, seed=seed, traffic="spoiled", rate=24.0, quality=quality)
        for arm, runs in leads.items()
        for seed, quality in enumerate(runs)
        for i in range(4)
    ]


@pytest.fixture(scope="module")
def tables(root):
    params = load_params(root / "params.yaml")
    weights = params.loadtest.weights["uniform"].model_copy(
        update={"quality": 1.0, "latency": 0.0, "cost": 0.0}
    )
    loadtest = params.loadtest.model_copy(
        update={
            "arms": {name: ArmParams.model_validate(arm) for name, arm in ARMS.items()},
            "weights": {"only_quality": weights},
        }
    )

    def run(doses, rows=None, **more):
        point = BreakPointParams.model_validate(
            {
                "traffic": "spoiled", "rate": 24.0, "fused": "ours",
                "baselines": ["worse", "plain"], "doses": doses, **more,
            }
        )  # fmt: skip
        drift = params.drift.model_copy(update={"break_point": point})
        changed = params.model_copy(update={"drift": drift, "loadtest": loadtest})
        return drift_tables(requests_frame(rows or _rows()), changed)

    return run


def test_doses_by_hand(tables):
    doses = tables({"quality": ["high", "low"]})["doses"]
    assert doses.select("arm", "dose").rows() == [("ours", 0.0), ("low", 0.2), ("high", 0.4)]
    assert doses["baseline"].unique().to_list() == ["plain"]
    assert doses["estimate"].to_list() == pytest.approx([0.3, 0.15, -0.2])
    # Differences of `low` are 0.1, 0.2, 0.15: s 0.05, t(2) = 4.303.
    half = 4.3027 * 0.05 / math.sqrt(3)
    row = doses.row(1, named=True)
    assert [row["low"], row["high"]] == pytest.approx([0.15 - half, 0.15 + half], abs=1e-4)
    assert (row["n"], row["unit"]) == (3, "s.d. added to the quality")


def test_the_break_point_lies_on_the_line_between_two_doses(tables):
    found = tables({"quality": ["low", "high"]})["break_points"].row(0, named=True)
    # From 0.15 at 0.2 to -0.2 at 0.4.
    assert found["break_dose"] == pytest.approx(0.2 + 0.2 * 0.15 / 0.35)
    assert found["break_low"] < found["break_dose"] < found["break_high"]
    assert found["sentence"].startswith(
        "As good as the best decoupled baseline (plain) at a quality error of 0.286; 95 % interval"
    )


def test_a_lead_that_lasts_has_no_break_point(tables):
    found = tables({"age": ["old"]})
    assert found["doses"].select("arm", "dose").rows() == [("ours", 0.025), ("old", 2.5)]
    row = found["break_points"].row(0, named=True)
    assert (row["break_dose"], row["break_high"]) == (None, None)
    assert "at every age of the state tried, up to 2.5 s" in row["sentence"]


def test_no_lead_at_all(tables):
    behind = LEADS | {"ours": (0.2, 0.01, 0.12)}
    row = tables({"quality": ["low"]}, _rows(behind))["break_points"].row(0, named=True)
    assert row["break_dose"] == 0.0
    assert row["sentence"].startswith("Without added quality error ours is already no better")
    # No zero-width interval: every draw agrees.
    assert (row["break_low"], row["break_high"]) == (None, None)
    assert row["sentence"].endswith("; so it is in all draws within 95 %.")


def test_one_run_has_no_interval(tables):
    single = {arm: runs[:1] for arm, runs in LEADS.items()}
    row = tables({"quality": ["low", "high"]}, _rows(single))["break_points"].row(0, named=True)
    assert row["break_dose"] is not None
    assert (row["break_low"], row["break_high"], row["runs"]) == (None, None, 1)
    assert row["sentence"].endswith("runs are too few for an interval.")


def test_doses_of_different_runs_are_not_drawn_together(tables):
    rows = [
        row
        for row in _rows()
        if (row["arm"], row["seed"]) not in (("low", 0), ("high", 2))  # as many, but others
    ]
    row = tables({"quality": ["low", "high"]}, rows)["break_points"].row(0, named=True)
    assert row["break_dose"] is not None
    assert (row["break_low"], row["break_high"], row["runs"]) == (None, None, 2)
    assert row["sentence"].endswith("no interval, as some doses lack runs that others have.")


def test_wrong_arms_are_refused(tables):
    with pytest.raises(ParamsError, match="arm 'low' has no error of length"):
        tables({"length": ["low"]})
    with pytest.raises(ParamsError, match="arm 'low' has no telemetry of its own"):
        tables({"age": ["low"]})
    with pytest.raises(ParamsError, match="'plain' has no weights"):
        tables({"quality": ["low"]}, fused="plain")
    with pytest.raises(DataError, match="no measured request with a utility"):
        tables({"quality": ["low"]}, rate=6.0)


@pytest.mark.parametrize(
    ("leads", "at"), [((1, 0.5, -0.5), 1.5), ((1, 0, -1), 1.0), ((-1, 1, 1), 0.0), ((0, 1, 1), 0.0)]
)
def test_crossing_by_hand(leads, at):
    assert crossing(np.arange(3.0), np.array(leads, dtype=float)) == at


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=8))
def test_a_crossing_is_where_the_line_is_zero(leads):
    doses = np.arange(float(len(leads)))
    at = crossing(doses, np.array(leads))
    if math.isinf(at):
        assert min(leads) > 0
    elif leads[0] > 0:
        assert np.interp(at, doses, leads) == pytest.approx(0.0, abs=1e-9)
        assert all(lead > 0 for dose, lead in zip(doses, leads, strict=True) if dose < at - 1e-9)
    else:
        assert at == 0.0
