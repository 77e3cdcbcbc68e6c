import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import DataError
from pipeline.statistics import alarm, conformal_pvalues, martingale

RUNS = 500
UNIT = st.lists(st.floats(0.0, 1.0), min_size=1, max_size=40)


class _Half:
    """Ties counted by half."""

    def random(self, n):
        return np.full(n, 0.5)


def test_pvalues_by_hand():
    # 1: alone. 3: above all, half of itself of 2. 2: one above of 3. 3: ties with one of 4.
    found = conformal_pvalues([1.0, 3.0, 2.0, 3.0], _Half())
    assert found == pytest.approx([0.5, 0.25, 0.5, 0.25])


def test_a_reference_is_the_start_of_the_stream():
    whole = conformal_pvalues([5.0, 1.0, 2.0, 4.0], np.random.default_rng(3))
    after = conformal_pvalues([2.0, 4.0], np.random.default_rng(3), reference=[5.0, 1.0])
    assert after == pytest.approx(whole[2:])


@given(st.lists(st.integers(-3, 3), min_size=1, max_size=60), st.integers(0, 2**32 - 1))
def test_pvalues_against_counting(scores, seed):
    ties = 1.0 - np.random.default_rng(seed).random(len(scores))
    slow = [
        (sum(s > scores[i] for s in scores[: i + 1]) + ties[i] * scores[: i + 1].count(scores[i]))
        / (i + 1)
        for i in range(len(scores))
    ]
    assert conformal_pvalues(scores, np.random.default_rng(seed)) == pytest.approx(slow)


def test_pvalues_are_uniform_and_independent_with_many_ties():
    rng = np.random.default_rng(1)
    drawn = np.array([conformal_pvalues(rng.integers(0, 2, 60), rng) for _ in range(RUNS)])
    counts = np.histogram(drawn, bins=10, range=(0.0, 1.0))[0]
    expected = drawn.size / 10
    chi_squared = float(((counts - expected) ** 2 / expected).sum())
    assert chi_squared < 27.9  # 0.999 quantile, 9 degrees of freedom
    after = np.corrcoef(drawn[:, 10:-1].ravel(), drawn[:, 11:].ravel())[0, 1]
    assert abs(after) < 4 / math.sqrt(drawn[:, 11:].size)


def _path_slowly(pvalues):
    """The Simple Jumper as its authors print it, for level and spread."""
    halves = []
    for stream in (pvalues, [abs(2 * p - 1) for p in pvalues]):
        capital, parts, path = 1.0, {-1: 1 / 3, 0: 1 / 3, 1: 1 / 3}, []
        for p in stream:
            for bet in parts:
                parts[bet] = (0.99 * parts[bet] + 0.01 * capital / 3) * (1 + bet * (p - 0.5))
            capital = sum(parts.values())
            path.append(capital)
        halves.append(path)
    return [math.log10((a + b) / 2) for a, b in zip(*halves, strict=True)]


@given(UNIT)
def test_the_path_against_the_published_algorithm(pvalues):
    assert martingale(pvalues) == pytest.approx(_path_slowly(pvalues), abs=1e-9)


@given(UNIT)
def test_the_bets_do_not_care_which_way_a_stream_moves(pvalues):
    mirrored = [1.0 - p for p in pvalues]
    assert martingale(mirrored) == pytest.approx(martingale(pvalues), abs=1e-9)


def test_the_capital_stays_what_it_is_on_average():
    # One step from a capital of 1: the mean over a fine grid of p-values is 1.
    grid = (np.arange(2000) + 0.5) / 2000
    assert np.mean([10 ** martingale([p])[0] for p in grid]) == pytest.approx(1.0, abs=1e-6)


def test_a_long_quiet_stream_does_not_underflow():
    path = martingale(np.full(200_000, 0.5))
    assert np.isfinite(path).all()


def _sounded(draw, stated, runs=RUNS):
    found = []
    for run in range(runs):
        rng = np.random.default_rng([7, run])
        found.append(alarm(martingale(conformal_pvalues(draw(rng), rng)), stated))
    return found


@pytest.mark.parametrize(
    "draw",
    [
        lambda rng: rng.standard_normal(400),
        lambda rng: rng.integers(0, 2, 400) - 0.7,
        lambda rng: np.concatenate([rng.permutation(200), rng.permutation(200)]),
    ],
    ids=["normal", "0 or 1", "prompts in rounds"],
)
def test_alarms_where_nothing_changed_keep_to_the_stated_rate(draw):
    sounded = sum(at is not None for at in _sounded(draw, 0.05))
    # Three standard errors above 25 of 500.
    assert sounded <= 25 + 3 * math.sqrt(500 * 0.05 * 0.95)


@pytest.mark.parametrize(
    ("shift", "spread"), [(1.0, 1.0), (-1.0, 1.0), (0.0, 3.0)], ids=["up", "down", "wider"]
)
def test_a_planted_change_is_found_soon_after_it_happened(shift, spread):
    def changed(rng):
        return np.concatenate([rng.standard_normal(240), shift + spread * rng.standard_normal(300)])

    found = _sounded(changed, 0.01, runs=100)
    assert sum(at is not None and at >= 240 for at in found) >= 97
    assert np.median([at for at in found if at is not None]) - 240 < 80


def test_the_alarm_sounds_where_the_path_first_reaches_the_bar():
    assert alarm([0.0, 1.9, 2.0, 1.0], 0.01) == 2
    assert alarm([0.0, 1.9], 0.01) is None
    assert alarm([], 0.01) is None


def test_bad_input_is_refused():
    rng = np.random.default_rng(0)
    with pytest.raises(DataError, match="scores has 1 missing"):
        conformal_pvalues([1.0, math.nan], rng)
    with pytest.raises(DataError, match=r"0\.\.1 is accepted"):
        martingale([1.2])
    with pytest.raises(ValueError, match="false_alarm"):
        alarm([0.0], 1.0)
