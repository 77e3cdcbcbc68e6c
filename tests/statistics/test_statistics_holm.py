"""Holm's correction."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import DataError
from pipeline.statistics import holm


def test_by_hand():
    # Sorted .01 .03 .04 times 3 2 1 is .03 .06 .04; the last rises to .06.
    assert holm([0.04, 0.01, 0.03]) == pytest.approx([0.06, 0.03, 0.06])


def test_capped_at_one_and_ties_stay_tied():
    assert holm([0.5, 0.5, 0.9]).tolist() == [1.0, 1.0, 1.0]
    assert holm([0.02, 0.02]) == pytest.approx([0.04, 0.04])


def test_empty_and_single():
    assert holm([]).size == 0
    assert holm([0.2]).tolist() == [0.2]


def test_bad_input_is_refused():
    with pytest.raises(DataError, match="missing"):
        holm([0.1, float("nan")])
    with pytest.raises(DataError, match="spans"):
        holm([0.1, 1.2])


@settings(max_examples=50, database=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=8), st.randoms(use_true_random=False))
def test_bounds_order_and_permutation(raw, random):
    adjusted = holm(raw)
    assert (adjusted >= np.array(raw)).all()
    assert (adjusted <= np.minimum(1.0, len(raw) * np.array(raw))).all()
    order = list(range(len(raw)))
    random.shuffle(order)
    assert holm([raw[i] for i in order]).tolist() == adjusted[order].tolist()
