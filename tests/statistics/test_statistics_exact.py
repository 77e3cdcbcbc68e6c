"""Shares, right-or-wrong pairs and few bounded scores: exact or guaranteed at any size."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import DataError
from pipeline.statistics import coverage, mcnemar, share_interval, small_mean_interval


@pytest.mark.parametrize(("hits", "n"), [(0, 7), (3, 7), (7, 7), (1, 1), (500, 3534)])
def test_share_agrees_with_scipy(hits, n):
    from scipy import stats

    got = share_interval(hits, n, 0.9)
    exact = stats.binomtest(hits, n).proportion_ci(0.9, method="exact")
    assert (got.low, got.high) == pytest.approx((exact.low, exact.high))
    assert (got.estimate, got.n, got.method) == (hits / n, n, "Clopper-Pearson")


def test_share_of_nothing_says_so_and_impossible_hits_are_refused():
    got = share_interval(0, 0, 0.9)
    assert (got.estimate, got.low, got.method) == (None, None, "degenerate: no rows")
    for hits in (-1, 4):
        with pytest.raises(DataError, match="0 to 3"):
            share_interval(hits, 3, 0.9)
    with pytest.raises(ValueError, match="level"):
        share_interval(1, 3, 1.0)


def test_coverage_is_a_share():
    got = coverage([1.0, 2.0, 3.0], [0.0] * 3, [2.0] * 3, level=0.9)
    assert got == share_interval(2, 3, 0.9)


@settings(max_examples=50, database=None)
@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1)), min_size=1, max_size=30))
def test_mcnemar_is_the_sign_test_on_disagreements(pairs):
    from scipy import stats

    a, b = np.array(pairs).T
    wins, losses = int((a > b).sum()), int((a < b).sum())
    for alternative in ("two-sided", "less", "greater"):
        expected = (
            stats.binomtest(wins, wins + losses, 0.5, alternative=alternative).pvalue
            if wins + losses
            else 1.0
        )
        assert mcnemar(a, b, alternative) == pytest.approx(expected)
    assert mcnemar(a, b, "greater") == pytest.approx(mcnemar(b, a, "less"))


def test_mcnemar_by_hand():
    # Five disagreements, all for a: 2 / 32, and half of it one-sided.
    a, b = [1, 1, 1, 1, 1, 0, 1], [0, 0, 0, 0, 0, 0, 1]
    assert mcnemar(a, b) == pytest.approx(2 / 32)
    assert mcnemar(a, b, "greater") == pytest.approx(1 / 32)
    assert mcnemar(a, b, "less") == 1.0
    assert mcnemar([], []) is None


def test_mcnemar_refuses_what_is_no_pair_of_answers():
    with pytest.raises(DataError, match="b has values other than 0 and 1"):
        mcnemar([1, 0], [0.5, 1])
    with pytest.raises(DataError, match="equal prompts"):
        mcnemar([1, 0], [1])
    with pytest.raises(DataError, match="missing"):
        mcnemar([1, float("nan")], [1, 0])
    with pytest.raises(ValueError, match="alternative"):
        mcnemar([1], [0], "bigger")


def test_few_right_or_wrong_answers_get_the_exact_interval():
    assert small_mean_interval([1, 1, 0, 1], 0.95) == share_interval(3, 4, 0.95)
    assert small_mean_interval([], 0.95).method == "degenerate: no values"


def slow_betting(scores, level):
    """Both bounds by trying every mean of a fine grid, bettor by bettor."""
    stakes = np.geomspace(0.005, 0.95, 40)
    kept = []
    for mean in np.arange(1, 2000) / 2000:
        up = np.mean([np.prod(1 + c * (scores / mean - 1)) for c in stakes])
        down = np.mean([np.prod(1 + c * ((1 - scores) / (1 - mean) - 1)) for c in stakes])
        if max(up, down) < 2 / (1 - level):
            kept.append(mean)
    return min(kept), max(kept)


def test_graded_scores_agree_with_the_slow_twin():
    scores = np.array([0.8, 0.75, 0.9, 0.4, 0.65, 0.8, 0.7, 1.0])
    got = small_mean_interval(scores, 0.95)
    low, high = slow_betting(scores, 0.95)
    assert got.low == pytest.approx(low, abs=1e-3)
    assert got.high == pytest.approx(high, abs=1e-3)
    assert got.estimate == pytest.approx(scores.mean())
    assert (got.method, got.n) == ("betting interval", 8)


@pytest.mark.parametrize(
    "law", [(0.5, 0.5), (8.0, 2.0), (1.0, 30.0), (40.0, 1.0)], ids=lambda law: f"beta{law}"
)
@pytest.mark.parametrize("n", [5, 30])
def test_betting_covers_whatever_the_scores_are(law, n):
    rng = np.random.default_rng([n, int(law[0] * 10)])
    truth, hits = law[0] / sum(law), 0
    for _ in range(150):
        got = small_mean_interval(rng.beta(*law, n), 0.9)
        hits += got.low <= truth <= got.high
    # Guaranteed at least 0.9; three standard errors of 150 repetitions are 0.073.
    assert hits / 150 >= 0.9 - 0.073


def test_betting_beats_the_bound_of_hoeffding_on_scores_that_vary_little():
    scores = np.random.default_rng(1).beta(40, 10, 50)
    got = small_mean_interval(scores, 0.95)
    hoeffding = 2 * np.sqrt(np.log(2 / 0.05) / (2 * 50))
    assert got.high - got.low < 0.6 * hoeffding


@settings(max_examples=40, database=None)
@given(st.lists(st.integers(0, 16), min_size=1, max_size=20), st.randoms(use_true_random=False))
def test_few_scores_are_symmetric_ordered_and_inside_the_unit(raw, random):
    scores = np.array(raw) / 16
    got = small_mean_interval(scores, 0.9)
    assert 0.0 <= got.low <= got.estimate <= got.high <= 1.0
    assert got.low < got.high
    mirrored = small_mean_interval(1.0 - scores, 0.9)
    assert (mirrored.low, mirrored.high) == pytest.approx((1 - got.high, 1 - got.low))
    random.shuffle(raw)
    again = small_mean_interval(np.array(raw) / 16, 0.9)
    assert (again.low, again.high) == pytest.approx((got.low, got.high))
    wider = small_mean_interval(scores, 0.99)
    assert wider.low <= got.low + 1e-12
    assert wider.high >= got.high - 1e-12


def test_more_of_the_same_scores_say_more():
    widths = []
    for n, level in itertools.product((5, 20, 80), (0.9,)):
        got = small_mean_interval([0.25, 0.5, 0.75, 0.5, 0.4] * (n // 5), level)
        widths.append(got.high - got.low)
    assert widths == sorted(widths, reverse=True)


def test_scores_outside_the_unit_are_refused():
    with pytest.raises(DataError, match="spans"):
        small_mean_interval([0.5, 1.5], 0.9)
    with pytest.raises(DataError, match="missing"):
        small_mean_interval([0.5, float("nan")], 0.9)
    with pytest.raises(ValueError, match="level"):
        small_mean_interval([0.5], 0.0)
