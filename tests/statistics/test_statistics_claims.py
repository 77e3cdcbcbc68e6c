"""Superior, not inferior, equivalent: verdicts by hand, and against scipy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.statistics import (
    claim_pvalue,
    claim_verdict,
    paired_replication_interval,
    paired_t_pvalue,
)

SURE = 0.001


@pytest.mark.parametrize(
    ("claim", "interval", "told"),
    [
        ("superior", (0.03, 0.09), "supported"),
        ("superior", (0.02, 0.09), "inconclusive"),
        ("superior", (-0.1, 0.01), "refuted"),
        ("noninferior", (-0.01, 0.5), "supported"),
        ("noninferior", (-0.02, 0.5), "inconclusive"),
        ("noninferior", (-0.5, -0.03), "refuted"),
        ("equivalent", (-0.01, 0.015), "supported"),
        ("equivalent", (-0.01, 0.02), "inconclusive"),
        ("equivalent", (-0.03, 0.01), "inconclusive"),
        ("equivalent", (0.03, 0.09), "refuted"),
        ("equivalent", (-0.09, -0.03), "refuted"),
        ("superior", (None, None), "inconclusive"),
    ],
)
def test_verdicts_by_hand(claim, interval, told):
    assert claim_verdict(claim, 0.02, interval, SURE, 0.05) == told
    # The interval alone supports nothing: the corrected P-value has to agree.
    for p_value in (0.05, None):
        assert claim_verdict(claim, 0.02, interval, p_value, 0.05) != "supported"


@pytest.mark.parametrize("margin", [0.0, -0.1, float("nan"), float("inf")])
def test_margins_are_above_zero(margin):
    for claim in ("noninferior", "equivalent"):
        with pytest.raises(ValueError, match="margin"):
            claim_verdict(claim, margin, (0.0, 1.0), SURE, 0.05)
        with pytest.raises(ValueError, match="margin"):
            claim_pvalue(claim, margin, lambda shift, side: 0.5)
    # Superiority may be claimed by nothing at all.
    assert claim_verdict("superior", 0.0, (0.1, 1.0), SURE, 0.05) == "supported"


def test_pvalues_agree_with_scipy():
    from scipy import stats

    a, b = np.random.default_rng(1).normal(size=(2, 7))
    sides = [
        stats.ttest_1samp(a - b, -0.8, alternative="greater").pvalue,
        stats.ttest_1samp(a - b, 0.8, alternative="less").pvalue,
        stats.ttest_1samp(a - b, 0.8, alternative="greater").pvalue,
    ]

    def told(claim):
        return claim_pvalue(claim, 0.8, lambda shift, side: paired_t_pvalue(a, b, shift, side))

    assert told("equivalent") == pytest.approx(max(sides[:2]))
    assert told("noninferior") == pytest.approx(sides[0])
    assert told("superior") == pytest.approx(sides[2])
    for claim in ("superior", "noninferior", "equivalent"):
        assert claim_pvalue(claim, 0.8, lambda shift, side: None) is None


@settings(max_examples=40, database=None)
@given(st.integers(0, 10_000), st.floats(0.05, 2.0))
def test_equivalence_is_the_interval_inside_the_margin(seed, margin):
    a, b = np.random.default_rng(seed).normal(size=(2, 6))
    told = paired_replication_interval(a, b, level=0.9)
    p_value = claim_pvalue("equivalent", margin, lambda at, side: paired_t_pvalue(a, b, at, side))
    found = claim_verdict("equivalent", margin, (told.low, told.high), p_value, 0.05)
    assert (p_value < 0.05) == (found == "supported")
