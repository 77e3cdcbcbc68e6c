"""When alarms sound, what they listen to, and how often they should not have."""

import numpy as np
import polars as pl
import pytest

from pipeline.params import AlarmParams, FilterParams, load_params
from pipeline.reporting.drift._alarm_rates import alarm_rates_table
from pipeline.reporting.drift._alarms import alarms_table
from pipeline.reporting.drift._beliefs import with_actuals
from pipeline.reporting.drift._promised import choosing_by_prompt
from pipeline.reporting.drift._streams import error_stream
from pipeline.reporting.rows import measured
from tests.reporting_rows import request, requests_frame

CHANGE = 200


def _rows(shift=0.0, seeds=(1,), traffic="update", count=400, predicted=100.0, **more):
    """Lengths with noise, longer by `shift` from request 200 on."""
    rows = []
    for seed in seeds:
        noise = np.random.default_rng([4, seed]).normal(0.0, 10.0, count)
        rows += [
            request(
                i,
                seed=seed,
                traffic=traffic,
                changed=i >= CHANGE and traffic == "update",
                output_tokens=int(100 + noise[i] + shift * (i >= CHANGE)),
                predicted_length=predicted,
                t_done=3.5 + i,
                **more,
            )
            for i in range(count)
        ]
    return rows


def _ready(rows):
    return with_actuals(measured(requests_frame(rows), None))


def _alarms(rows, *predictors, false_alarm=0.01):
    params = AlarmParams(predictors=predictors or ("length",), false_alarm=false_alarm)
    return alarms_table(_ready(rows), params, frozenset({"a"}), seed=1)


@pytest.mark.parametrize("shift", [15.0, -15.0])
def test_a_change_in_mid_run_is_found_whichever_way(shift):
    found = _alarms(_rows(shift, seeds=(1, 2, 3)))
    assert found["sounded"].all()
    assert found["change_at"].to_list() == [CHANGE] * 3
    assert (found["delay"] == found["at_request"] - CHANGE).all()
    assert 0 < found["delay"].max() < 100
    assert (found["peak_log10"] >= 2.0).all()
    # Known once that request had ended, and those before it.
    assert (found["at_s"] == 3.5 + found["at_request"]).all()


def test_nothing_sounds_where_nothing_changed():
    found = _alarms(_rows(seeds=range(20), traffic="steady"), "length")
    assert found["sounded"].sum() <= 2
    assert found["change_at"].null_count() == 20
    assert found["delay"].null_count() == 20
    assert (found["n"] == 400).all()
    assert (found["every"] == 1).all()


def test_a_changed_mix_of_models_is_no_change_of_a_predictor():
    rows = _rows()
    for i, row in enumerate(rows):
        # The big model writes 50 tokens more than predicted, before and after; it is used more.
        if i % (10 if i < CHANGE else 2) == 0:
            row["model"], row["output_tokens"] = "m-big", row["output_tokens"] + 50
    assert not _alarms(rows)["sounded"].any()
    alike = [row | {"model": "m"} for row in rows]
    assert _alarms(alike)["sounded"].all()


def test_an_error_counts_when_all_before_it_have_ended():
    rows = _rows(count=10, traffic="steady")
    rows[3]["t_done"] = 99.0
    told = error_stream(_ready(rows), "length", np.random.default_rng(0))
    assert told.requests.tolist() == list(range(10))
    assert told.told_at.tolist() == [3.5, 4.5, 5.5, *[99.0] * 7]


def test_the_order_of_the_rows_does_not_matter():
    rows = _rows(count=50)
    one, other = (
        error_stream(_ready(told), "length", np.random.default_rng(0)).pvalues.tolist()
        for told in (rows, rows[::-1])
    )
    assert one == other


def _queued(seed, count=600):
    """Times whose errors are an autoregression: a correlation time of about 19 requests."""
    rng = np.random.default_rng([8, seed])
    error, rows = 0.0, []
    for i in range(count):
        error = 0.9 * error + rng.normal(0.0, 0.1)
        done = 3.5 + error
        rows.append(
            request(i, seed=seed, traffic="steady", t_done=max(1.6, done), predicted_e2e=2.3)
        )
    return rows


def test_times_are_thinned_to_twice_their_correlation_time():
    found = _alarms([row for seed in range(20) for row in _queued(seed)], "e2e", false_alarm=0.05)
    assert 20 < found["every"].median() < 60
    assert (found["n"] == (599 // found["every"]) + 1).all()
    # Stated 0.05, so 1 of 20; without thinning nearly all sound.
    assert found["sounded"].sum() <= 4


def test_without_a_prediction_there_is_no_stream():
    found = _alarms(_rows(count=20, predicted=None), "length", "quality")
    assert found.is_empty()


def test_rates_by_hand():
    alarms = pl.DataFrame(
        [
            {
                "traffic": traffic, "arm": arm, "rate": 6.0, "seed": seed, "predictor": "length",
                "false_alarm": 0.01, "sounded": at is not None, "at_request": at,
                "change_at": change, "promised": arm == "a",
                "delay": at - change if at and change and at >= change else None,
                "label": "simulated",
            }
            for traffic, change, arm, seed, at in (
                ("steady", None, "a", 1, None),
                ("steady", None, "a", 2, 30),
                ("update", 100, "a", 1, 110),
                ("update", 100, "a", 2, 150),
                ("update", 100, "b", 1, 40),
                ("update", 100, "b", 2, None),
            )
        ]
    )  # fmt: skip
    table = alarm_rates_table(alarms, level=0.95)
    steady, update = table.rows(named=True)
    assert (steady["traffic"], steady["changing"], steady["runs"]) == ("steady", False, 2)
    assert (steady["sounded"], steady["early"], steady["median_delay"]) == (1, 0, None)
    # Clopper and Pearson of 1 of 2: 1 - sqrt(0.975) to sqrt(0.975).
    assert [steady["low"], steady["high"]] == pytest.approx([1 - 0.975**0.5, 0.975**0.5])
    assert (update["sounded"], update["early"], update["median_delay"]) == (3, 1, 30.0)
    assert (update["estimate"], update["clusters"]) == (0.75, 2)
    # Of b was promised nothing, and it was b that sounded before the change.
    assert (steady["promised_runs"], steady["promised_false"]) == (2, 1)
    assert (update["promised_runs"], update["promised_false"]) == (2, 0)


def test_the_rate_is_promised_where_the_prompt_alone_decides(root):
    loadtest = load_params(root / "params.yaml").loadtest
    weights = loadtest.weights | {
        "even": loadtest.weights["uniform"].model_copy(update={"balance": 0.1})
    }
    weighted = loadtest.arms["decoupled_reactive"]
    arms = {
        "weighted": weighted,
        "balancing": weighted.model_copy(update={"weights": "even"}),
        "filtering": weighted.model_copy(update={"filter": FilterParams(mode="relaxed")}),
        "fused": loadtest.arms["fused_uniform"],
        "learned": loadtest.arms["avengers_pro"],
        "anywhere": loadtest.arms["shortest_queue"],
    }
    told = choosing_by_prompt(loadtest.model_copy(update={"weights": weights, "arms": arms}))
    assert told == {"weighted", "learned"}
    rows = _rows(count=40, predicted_e2e=2.0) + _rows(count=40, arm="b", predicted_e2e=2.0)
    found = _alarms(rows, "length", "e2e").select("arm", "predictor", "promised").rows()
    assert found == [
        ("a", "length", True), ("a", "e2e", False), ("b", "length", False), ("b", "e2e", False)
    ]  # fmt: skip
