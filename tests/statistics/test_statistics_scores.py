"""Scores of predictors: by hand, against sklearn and scipy, with ties and refusals."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import DataError
from pipeline.statistics import (
    ReliabilityBin,
    auc_within_prompt,
    brier,
    coverage,
    ece,
    mape,
    pinball,
)


def test_brier_by_hand():
    assert brier([1.0, 0.5, 0.0], [1, 1, 1]) == pytest.approx((0 + 0.25 + 1) / 3)
    assert brier([0.5], [0.25]) == 0.0625


def test_ece_by_hand():
    error, rows = ece([0.1, 0.3, 0.6, 0.8], [0, 0, 1, 0], bins=2)
    assert [row.count for row in rows] == [2, 2]
    assert [row.mean_predicted for row in rows] == pytest.approx([0.2, 0.7])
    assert [row.mean_observed for row in rows] == [0.0, 0.5]
    assert error == pytest.approx(0.2)


def test_ece_of_equal_predictions_is_one_bin_in_any_order():
    error, rows = ece([0.5] * 4, [0, 0, 1, 1])
    assert (error, rows) == (0.0, [ReliabilityBin(4, 0.5, 0.5)])
    assert ece([0.5] * 4, [1, 0, 1, 0]) == (error, rows)


def test_ece_bins_have_equal_mass_without_ties():
    rng = np.random.default_rng(0)
    _, rows = ece(rng.random(1003) ** 4, rng.integers(0, 2, 1003))
    assert len(rows) == 10
    assert {row.count for row in rows} == {100, 101}


def test_ece_with_fewer_rows_than_bins():
    error, rows = ece([0.2, 0.4], [0, 1])
    assert error == pytest.approx(0.4)
    assert len(rows) == 2


@settings(max_examples=40, database=None)
@given(
    st.lists(st.tuples(st.integers(0, 8), st.integers(0, 1)), min_size=1, max_size=40),
    st.integers(1, 12),
    st.randoms(use_true_random=False),
)
def test_ece_ignores_row_order_and_loses_no_row(rows, bins, random):
    shuffled = random.sample(rows, len(rows))
    results = [
        ece([p / 8 for p, _ in table], [y for _, y in table], bins) for table in (rows, shuffled)
    ]
    assert results[0][0] == pytest.approx(results[1][0])
    assert sum(row.count for row in results[0][1]) == len(rows)
    assert len(results[0][1]) <= bins
    total = abs(sum(p / 8 - y for p, y in rows)) / len(rows)
    assert total - 1e-12 <= results[0][0] <= 1.0


def test_auc_by_hand():
    scores = [0.9, 0.1, 0.5, 0.5, 0.3, 0.2, 0.8]
    labels = [1, 0, 1, 0, 1, 1, 0]
    prompts = ["a", "a", "b", "b", "c", "c", "d"]
    # a is right, b is a tie, c has equal labels and d one model: neither counts.
    assert auc_within_prompt(scores, labels, prompts) == (0.75, 2)


def test_auc_averages_prompts_not_pairs_and_grades_labels():
    scores = [1.0, 2.0, 3.0, 2.0, 1.0]
    labels = [0.0, 0.5, 1.0, 0.0, 1.0]
    assert auc_within_prompt(scores, labels, [0, 0, 0, 1, 1]) == (0.5, 2)


def test_auc_without_a_pair_is_none():
    assert auc_within_prompt([0.1, 0.2], [1, 1], ["a", "a"]) == (None, 0)
    assert auc_within_prompt([0.1, 0.2], [1, 0], ["a", "b"]) == (None, 0)


def test_auc_of_one_prompt_agrees_with_sklearn():
    from sklearn.metrics import roc_auc_score

    rng = np.random.default_rng(2)
    labels = rng.integers(0, 2, 60)
    scores = np.round(labels * 0.3 + rng.random(60), 1)
    value, prompts = auc_within_prompt(scores, labels, np.zeros(60))
    assert (value, prompts) == (pytest.approx(roc_auc_score(labels, scores)), 1)


@settings(max_examples=40, database=None)
@given(st.lists(st.tuples(*[st.integers(0, 3)] * 3), min_size=2, max_size=25))
def test_auc_invariances(rows):
    scores, labels, prompts = np.array(rows, dtype=float).T
    value, count = auc_within_prompt(scores, labels, prompts)
    assert auc_within_prompt(np.exp(scores), labels, prompts) == (value, count)
    back = auc_within_prompt(scores[::-1], labels[::-1], prompts[::-1])
    assert back == (value if value is None else pytest.approx(value), count)
    if value is not None:
        opposite, _ = auc_within_prompt(-scores, labels, prompts)
        assert opposite == pytest.approx(1.0 - value)


def test_pinball_by_hand_and_least_at_the_quantile():
    assert pinball([3.0, 0.0], [1.0, 1.0], 0.9) == pytest.approx((0.9 * 2 + 0.1 * 1) / 2)
    y = np.arange(101.0)
    losses = [pinball(y, np.full(101, guess), 0.8) for guess in range(101)]
    assert int(np.argmin(losses)) == 80


def test_coverage_agrees_with_scipy():
    from scipy import stats

    y = np.arange(10.0)
    got = coverage(y, np.zeros(10), np.full(10, 6.0), level=0.95)
    exact = stats.binomtest(7, 10).proportion_ci(0.95, method="exact")
    assert (got.estimate, got.n, got.method) == (0.7, 10, "Clopper-Pearson")
    assert (got.low, got.high) == pytest.approx((exact.low, exact.high))


def test_coverage_at_the_ends_keeps_an_interval():
    # With all of n inside, the lower bound is (alpha / 2) ** (1 / n).
    full = coverage([1.0] * 10, [1.0] * 10, [1.0] * 10, level=0.95)
    assert (full.estimate, full.high) == (1.0, 1.0)
    assert full.low == pytest.approx(0.025**0.1)
    none = coverage([2.0] * 10, [0.0] * 10, [1.0] * 10, level=0.95)
    assert (none.estimate, none.low) == (0.0, 0.0)
    assert none.high == pytest.approx(1 - 0.025**0.1)


def test_coverage_of_nothing_says_so():
    got = coverage([], [], [], level=0.9)
    assert (got.estimate, got.low, got.method) == (None, None, "degenerate: no rows")


def test_mape_by_hand():
    assert mape([1.0, 2.0], [1.5, 1.0]) == pytest.approx(0.5)


NAN = float("nan")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: brier([], []), "no rows"),
        (lambda: brier([NAN], [1]), "probability has 1 missing"),
        (lambda: brier([0.5], [2]), "label spans"),
        (lambda: brier([1.5], [1]), "probability spans"),
        (lambda: brier([0.5], [1, 0]), "lengths differ"),
        (lambda: ece([0.5], [NAN]), "label has 1 missing"),
        (lambda: ece([], []), "no rows"),
        (lambda: auc_within_prompt([NAN], [1], ["a"]), "scores has 1 missing"),
        (lambda: auc_within_prompt([1.0], [1], ["a", "b"]), "prompt_ids"),
        (lambda: pinball([1.0], [NAN], 0.5), "predicted_quantile"),
        (lambda: coverage([NAN], [0.0], [1.0], level=0.9), "y has 1 missing"),
        (lambda: coverage([0.5], [1.0], [0.0], level=0.9), "low above high"),
        (lambda: coverage([0.5], [1.0], [], level=0.9), "lengths differ"),
        (lambda: mape([0.0, 1.0], [1.0, 1.0]), "above 0"),
        (lambda: mape([1.0], [NAN]), "predicted has 1 missing"),
    ],
)
def test_bad_rows_are_refused(call, message):
    with pytest.raises(DataError, match=message):
        call()


def test_misuse_is_an_error_of_the_caller():
    with pytest.raises(ValueError, match="bins"):
        ece([0.5], [1], bins=0)
    with pytest.raises(ValueError, match="q must"):
        pinball([1.0], [1.0], 1.0)
    with pytest.raises(ValueError, match="level"):
        coverage([1.0], [1.0], [1.0], level=0.0)
