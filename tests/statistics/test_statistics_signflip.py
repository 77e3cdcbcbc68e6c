"""Sign flips: exact by hand and by enumeration, random beyond, honest under the null."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import DataError
from pipeline.statistics import sign_flip_pvalue


def pvalue(differences, groups=None, seed=0, flips=2000, **options):
    groups = np.arange(len(differences)) if groups is None else groups
    rng = np.random.default_rng(seed)
    return sign_flip_pvalue(differences, groups, flips=flips, rng=rng, **options)


def test_three_clusters_by_hand():
    # Only +++ reaches 6 and only --- reaches -6, of 8 patterns.
    assert pvalue([1.0, 2.0, 3.0]) == 2 / 8
    assert pvalue([1.0, 2.0, 3.0], alternative="greater") == 1 / 8
    assert pvalue([1.0, 2.0, 3.0], alternative="less") == 1.0


def test_one_sign_per_cluster():
    assert pvalue([1.0, 1.0, 1.0, 1.0], groups=["a", "a", "b", "b"]) == 2 / 4


def test_equal_differences_are_evidence_and_zeros_are_none():
    assert pvalue([0.1] * 10) == 2 / 1024
    assert pvalue([0.0] * 10) == 1.0
    assert pvalue([0.0] * 20) == 1.0


def test_shift_is_taken_off_each_value():
    assert pvalue([0.1] * 3, shift=-0.2, alternative="greater") == 1 / 8
    assert pvalue([1.0, 2.0, 3.0], shift=2.0) == 1.0


@settings(max_examples=40, database=None)
@given(
    st.lists(st.integers(-9, 9), min_size=2, max_size=9),
    st.sampled_from(["two-sided", "less", "greater"]),
)
def test_exact_is_full_enumeration(values, alternative):
    total = sum(values)
    every = [
        sum(s * v for s, v in zip(signs, values, strict=True))
        for signs in product((1, -1), repeat=len(values))
    ]
    extreme = {
        "two-sided": [abs(one) >= abs(total) for one in every],
        "less": [one <= total for one in every],
        "greater": [one >= total for one in every],
    }[alternative]
    scaled = [0.1 * value for value in values]
    assert pvalue(scaled, alternative=alternative) == pytest.approx(np.mean(extreme))


def test_random_flips_agree_with_the_exact_answer():
    # A thirteenth cluster of zero leaves the p-value alone but takes the random path.
    values = np.random.default_rng(1).normal(0.4, 1, 12)
    exact, flips = pvalue(values), 20_000
    drawn = pvalue([*values, 0.0], flips=flips)
    assert drawn == pytest.approx(exact, abs=5 * (exact * (1 - exact) / flips) ** 0.5)


def test_random_p_is_never_zero():
    assert pvalue([1.0] * 40, flips=99, alternative="greater") == 1 / 100


def test_level_holds_under_the_null():
    rng = np.random.default_rng(3)
    small = [pvalue(rng.normal(size=15), seed=i, flips=199) <= 0.1 for i in range(400)]
    # Four standard errors of 400 repetitions at 0.1 are 0.06.
    assert abs(np.mean(small) - 0.1) <= 0.06


def test_too_few_clusters_and_bad_input():
    assert pvalue([]) is None
    assert pvalue([1.0, 2.0], groups=["a", "a"]) is None
    with pytest.raises(DataError, match="missing"):
        pvalue([1.0, float("nan")])
    with pytest.raises(ValueError, match="alternative"):
        pvalue([1.0, 2.0], alternative="bigger")
    with pytest.raises(ValueError, match="flips"):
        pvalue([1.0, 2.0], flips=0)
