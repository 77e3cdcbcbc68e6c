import pytest

from pipeline.reporting.drift import drift_table
from tests.reporting_rows import request, requests_frame

# By hand: ttft 0.3 s and e2e 2.3 s from dispatch, tpot 2/10 = 0.2 s.
BELIEF = {
    "predicted_ttft": 0.6,
    "predicted_tpot": 0.1,
    "predicted_e2e": 2.3,
    "predicted_length": 22.0,
}


def _row(rows, predictor, slice_="arm"):
    table = drift_table(requests_frame(rows), level=0.95, resamples=200)
    return table.filter(predictor=predictor, slice=slice_).row(0, named=True)


@pytest.mark.parametrize(
    ("predictor", "bias", "mape"),
    [("ttft", 0.3, 1.0), ("tpot", -0.1, 0.5), ("e2e", 0.0, 0.0), ("length", 11.0, 1.0)],
)
def test_errors_by_hand(predictor, bias, mape):
    row = _row([request(0, **BELIEF)], predictor)
    assert row["bias"] == pytest.approx(bias)
    assert row["mae"] == pytest.approx(abs(bias))
    assert row["mape"] == pytest.approx(mape)


def test_guessed_lengths_are_excluded_from_length_and_e2e_only():
    rows = [request(0, **BELIEF), request(1, **BELIEF, output_tokens_source="estimated:model:x")]
    length, ttft = _row(rows, "length"), _row(rows, "ttft")
    assert (length["n"], length["excluded"], length["missing"]) == (1, 1, 1)
    assert (ttft["n"], ttft["missing"]) == (2, 0)


def test_an_arm_that_predicts_nothing_is_all_missing():
    row = _row([request(0), request(1)], "ttft")
    assert (row["n"], row["mae"], row["missing_prediction"]) == (0, None, 2)


def test_coverage_over_runs():
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
    row = _row(rows, "ttft", "tier")
    assert row["coverage"] == pytest.approx((0.25 + 0.5 + 0.75) / 3)
    assert row["coverage_low"] == 0.0  # clipped to what a share can be
    assert row["n_bounds"] == 12


def test_a_perfect_quality_of_zero_has_no_relative_error():
    row = _row([request(0, quality=0.0, predicted_quality=0.5)], "quality")
    assert row["mae"] == pytest.approx(0.5)
    assert (row["mape"], row["n_mape"]) == (None, 0)


def test_relative_error_counts_the_rows_it_rests_on():
    rows = [request(i, quality=float(i), predicted_quality=0.5) for i in range(2)]
    row = _row(rows, "quality")
    assert (row["n"], row["n_mape"], row["mape"]) == (2, 1, 0.5)
