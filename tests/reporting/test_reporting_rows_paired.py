"""Pairs of arms: runs for what queues, requests for what does not."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.reporting.rows import PromptPairs, RunPairs, gap, measured, paired, paired_runs
from tests.reporting_rows import fleet_rows, request, requests_frame


def cell(arm, values, **more):
    """One request per (seed, number, E2E)."""
    rows = [request(i, arm=arm, seed=s, t_done=1.0 + e, **more) for s, i, e in values]
    return measured(requests_frame(rows))


def test_runs_are_of_the_requests_that_both_served():
    a = cell("a", [(1, 0, 1.0), (1, 1, 9.0), (2, 0, 2.0)])
    b = cell("b", [(1, 0, 3.0), (2, 0, 5.0), (2, 1, 9.0), (3, 0, 1.0)])
    pairs = paired(a, b, "e2e_s")
    assert isinstance(pairs, RunPairs)
    assert (pairs.a.tolist(), pairs.b.tolist(), pairs.missing) == ([1.0, 2.0], [3.0, 5.0], 3)
    assert pairs.negated().estimate(
        level=0.9, resamples=200, rng=np.random.default_rng(1)
    ).estimate == pytest.approx(2.5)


def test_ttft_counts_from_the_schedule():
    a, b = cell("a", [(1, 0, 3.0)], t_first_token=2.0), cell("b", [(1, 0, 3.0)])
    pairs = paired_runs(a, b, "ttft_s")
    assert (pairs.a.tolist(), pairs.b.tolist()) == ([1.0], [0.5])


def test_no_rows_on_a_side_are_no_pairs():
    a = cell("a", [(1, 0, 1.0), (1, 1, 1.0)])
    for metric in ("e2e_s", "e2e_p95_s", "quality"):
        found = gap(a, a.clear(), metric, level=0.9, resamples=200, rng=np.random.default_rng(1))
        assert found.estimate.estimate is None
        assert found.estimate.method.startswith("degenerate: ")
        assert (found.estimate.missing, found.p_value) == (2, None)


@given(st.lists(st.tuples(st.sampled_from([0.0, 1.0, None]), st.sampled_from([0.0, 1.0, None]))))
def test_prompts_keep_the_pairs_with_both_values(values):
    sides = [
        measured(
            requests_frame([request(i, arm="x", quality=pair[k]) for i, pair in enumerate(values)])
        )
        for k in (0, 1)
    ]
    pairs = paired(*sides, "quality")
    both = [pair for pair in values if None not in pair]
    assert isinstance(pairs, PromptPairs)
    assert list(zip(pairs.a, pairs.b, strict=True)) == both
    assert pairs.missing == len(values) - len(both)


@pytest.mark.parametrize("metric", ["quality", "cost_usd", "e2e_s"])
def test_swapping_the_sides_mirrors_the_difference(metric):
    rows = measured(fleet_rows(rates=(6.0,)))
    a, b = (rows.filter(rows["arm"] == arm) for arm in ("a", "b"))
    one, other = paired(a, b, metric), paired(b, a, metric)

    def told(pairs, alternative):
        rng = np.random.default_rng(1)
        return pairs.p_value(0.01, alternative, flips=500, rng=rng)

    assert told(one.negated(), "greater") == pytest.approx(told(other, "greater"))
    np.testing.assert_array_equal(one.negated().a, other.a)
    assert one.detectable(margin=0.0, level=0.95, power=0.8) == pytest.approx(
        other.detectable(margin=0.0, level=0.95, power=0.8)
    )
