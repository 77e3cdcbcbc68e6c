"""Percentiles with too few values beyond them."""

import pytest

from pipeline.statistics import tail_reason


def test_ten_beyond_in_every_run():
    assert tail_reason([200, 200], 0.95) is None
    assert tail_reason([100], 0.9) is None
    assert tail_reason([1000], 0.99) is None
    assert tail_reason([200, 199], 0.95) == "9 requests beyond the percentile in a run, 10 needed"
    assert tail_reason([500], 0.99) == "5 requests beyond the percentile in a run, 10 needed"


def test_low_percentiles_look_below():
    assert tail_reason([200], 0.05) is None
    assert tail_reason([20], 0.5) is None
    assert tail_reason([100], 0.05) == "5 requests beyond the percentile in a run, 10 needed"


def test_what_is_needed_may_differ_and_no_run_has_none():
    assert tail_reason([100], 0.95, needed=5) is None
    assert tail_reason([], 0.95) == "0 requests beyond the percentile in a run, 10 needed"
    with pytest.raises(ValueError, match="quantile"):
        tail_reason([100], 1.0)
