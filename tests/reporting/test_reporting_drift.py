"""Errors of predictors by hand, and which rows tell of them."""

import polars as pl
import pytest

from pipeline.errors import UnknownNameError
from pipeline.params import ArmParams, load_params
from pipeline.reporting.drift import drift_tables
from tests.reporting_rows import fleet_rows, request, requests_frame

# By hand: ttft 0.3 s and e2e 2.3 s from dispatch, tpot 2/10 = 0.2 s.
BELIEF = {
    "predicted_ttft": 0.6,
    "predicted_tpot": 0.1,
    "predicted_e2e": 2.3,
    "predicted_length": 22.0,
}
OURS = {"router": "fused", "dispatcher": "shortest_queue", "weights": "uniform"}


@pytest.fixture(scope="module")
def tables(root):
    """A function of rows: the tables with the arms a (learned), b (learned) and prior (static)."""
    params = load_params(root / "params.yaml")
    learned = ArmParams.model_validate(OURS | {"latency": "learned"})
    wrong = {"latency": "learned", "error": {"latency": 1.0, "quality": 0.5}}
    arms = {
        "a": learned,
        "b": learned,
        "best_oracle": ArmParams(router="query_oracle", dispatcher="shortest_queue"),
        "prior": ArmParams.model_validate(OURS | {"latency": "static"}),
        "spoiled": ArmParams.model_validate(OURS | wrong),
    }
    drift = params.drift.model_copy(update={"break_point": None, "resamples": 200})
    loadtest = params.loadtest.model_copy(update={"arms": arms})

    def run(rows):
        frame = rows if isinstance(rows, pl.DataFrame) else requests_frame(rows)
        return drift_tables(frame, params.model_copy(update={"drift": drift, "loadtest": loadtest}))

    return run


@pytest.fixture(scope="module")
def row(tables):
    def find(rows, predictor, slice_="arm", **more):
        found = tables(rows)["errors"].filter(predictor=predictor, slice=slice_, **more)
        return found.row(0, named=True)

    return find


@pytest.mark.parametrize(
    ("predictor", "bias", "mape"),
    [("ttft", 0.3, 1.0), ("tpot", -0.1, 0.5), ("e2e", 0.0, 0.0), ("length", 11.0, 1.0)],
)
def test_errors_by_hand(row, predictor, bias, mape):
    found = row([request(0, **BELIEF)], predictor)
    assert found["bias"] == pytest.approx(bias)
    assert found["mae"] == pytest.approx(abs(bias))
    assert found["mape"] == pytest.approx(mape)


def test_guessed_lengths_are_excluded_from_length_and_e2e_only(row):
    rows = [request(0, **BELIEF), request(1, **BELIEF, output_tokens_source="estimated:model:x")]
    length, ttft = row(rows, "length"), row(rows, "ttft")
    assert (length["n"], length["excluded"], length["missing"]) == (1, 1, 1)
    assert (ttft["n"], ttft["missing"]) == (2, 0)


def test_an_arm_that_predicts_nothing_is_all_missing(row):
    found = row([request(0), request(1)], "ttft")
    assert (found["n"], found["mae"], found["missing_prediction"]) == (0, None, 2)


def test_a_failed_request_has_no_truth(row):
    found = row([request(0, **BELIEF), request(1, **BELIEF, status="failed")], "e2e")
    counts = found["n"], found["missing_actual"], found["missing_prediction"]
    assert counts == (1, 1, 0)


def test_coverage_over_runs(row):
    rows = [
        request(
            i,
            **BELIEF,
            seed=seed,
            predicted_ttft_low=0.2,
            predicted_ttft_high=0.4 if i < seed else 0.25,
        )
        for seed in (1, 2, 3)
        for i in range(4)
    ]
    found = row(rows, "ttft", "tier")
    assert found["coverage"] == pytest.approx((0.25 + 0.5 + 0.75) / 3)
    assert found["coverage_low"] == 0.0  # clipped to what a share can be
    assert found["n_bounds"] == 12


def test_bounds_on_a_mean_quality_are_not_held_against_single_answers(row):
    belief = {f"predicted_quality{end}": q for end, q in (("", 0.5), ("_low", 0.4), ("_high", 0.6))}
    found = row([request(0, **belief)], "quality")
    assert (found["n_bounds"], found["coverage"]) == (1, None)
    assert found["method"].startswith("none: ")


def test_a_perfect_quality_of_zero_has_no_relative_error(row):
    found = row([request(0, quality=0.0, predicted_quality=0.5)], "quality")
    assert found["mae"] == pytest.approx(0.5)
    assert (found["mape"], found["n_mape"]) == (None, 0)


def test_relative_error_counts_the_rows_it_rests_on(row):
    rows = [request(i, quality=float(i), predicted_quality=0.5) for i in range(2)]
    found = row(rows, "quality")
    assert (found["n"], found["n_mape"], found["mape"]) == (2, 1, 0.5)


def test_traffics_rates_and_both_sides_of_a_change_are_apart(tables):
    rows = [
        request(i, traffic=traffic, rate=rate, changed=changed, predicted_ttft=0.3 + error)
        for traffic, rate, changed, error in (
            ("steady", 6.0, False, 0.0),
            ("burst", 6.0, False, 1.0),
            ("burst", 9.0, False, 2.0),
            ("update", 6.0, False, 3.0),
        )
        for i in range(3)
    ]
    rows += [
        request(i, traffic="update", changed=True, predicted_ttft=4.3, tier="big") for i in (3, 4)
    ]
    found = tables(rows)["errors"].filter(predictor="ttft", slice="arm")
    assert found.select("traffic", "changed", "rate", "n").rows() == [
        ("burst", False, 6.0, 3),
        ("burst", False, 9.0, 3),
        ("steady", False, 6.0, 3),
        ("update", False, 6.0, 3),
        ("update", True, 6.0, 2),
    ]
    assert found["bias"].to_list() == pytest.approx([1.0, 2.0, 0.0, 3.0, 4.0])


def test_tiers_and_models_rest_on_arms_with_the_trained_beliefs(tables):
    belief = {"predicted_quality": 0.5}
    rows = [
        request(0, **belief, predicted_ttft=0.3),
        request(1, **belief, predicted_ttft=1.3, arm="prior"),
        request(2, predicted_quality=0.0, predicted_ttft=2.3, arm="spoiled"),
    ]
    found = tables(rows)["errors"]
    for slice_, name in (("tier", "small"), ("model", "m-small")):
        mine = found.filter(slice=slice_)
        assert mine["name"].unique().to_list() == [name]
        counts = dict(mine.select("predictor", "n").iter_rows())
        # The prior of a latency says nothing of the learned one, but its quality is the same.
        assert (counts["quality"], counts["ttft"]) == (2, 1)
    assert found.filter(slice="arm", predictor="ttft")["n"].to_list() == [1, 1, 1]


def test_all_tables_of_a_noisy_grid_are_the_same_again(tables):
    one, again = (
        tables(fleet_rows()),
        tables(fleet_rows().sample(fraction=1.0, shuffle=True, seed=3)),
    )
    assert list(one) == [
        "errors", "calibration", "alarms", "alarm_rates", "doses", "break_points", "state"
    ]  # fmt: skip
    for name, table in one.items():
        assert table.write_csv() == again[name].write_csv(), name
    assert one["doses"].is_empty()
    assert one["break_points"].is_empty()


def test_an_arm_nobody_declared_is_refused(tables):
    with pytest.raises(UnknownNameError, match="unknown arm 'c' in the request rows"):
        tables([request(0, arm="c")])
