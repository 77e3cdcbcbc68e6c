"""Shares of a total: whole numbers within bounds, near the weights, and nothing lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import DataError
from pipeline.workload.allocate import Want, allocate


@st.composite
def wants(draw: st.DrawFn) -> list[Want]:
    made = []
    for _ in range(draw(st.integers(1, 7))):
        low = draw(st.integers(0, 30))
        weight = draw(st.floats(0.1, 10))
        made.append(Want(weight, low, low + draw(st.integers(0, 60))))
    return made


def water_level(total: int, given: list[Want]) -> list[float]:
    """The same without rounding, by bisection on the common level of all weights."""
    low, high = 0.0, 1e4
    for _ in range(100):
        level = (low + high) / 2
        shares = [min(max(level * want.weight, want.low), want.high) for want in given]
        low, high = (level, high) if sum(shares) < total else (low, level)
    return shares


@given(wants(), st.integers(0, 500))
def test_shares_are_whole_within_bounds_and_near_the_weights(given: list[Want], more: int) -> None:
    total = sum(want.low for want in given) + more
    counts = allocate(total, given)
    possible = min(total, sum(want.high for want in given))
    assert sum(counts) == possible
    assert all(w.low <= n <= w.high for n, w in zip(counts, given, strict=True))
    exact = water_level(possible, given)
    assert all(abs(n - x) < 1 + 1e-6 for n, x in zip(counts, exact, strict=True))


def test_the_largest_remainders_win() -> None:
    free = [Want(weight, 0, 100) for weight in (47, 16, 15.8, 12, 6.1, 3.1)]
    assert allocate(10, free) == [5, 2, 1, 1, 1, 0]
    assert allocate(2, [Want(1, 0, 9)] * 3) == [1, 1, 0]


def test_what_a_cap_leaves_goes_to_the_others_by_weight() -> None:
    assert allocate(100, [Want(1, 0, 10), Want(1, 0, 100), Want(2, 0, 100)]) == [10, 30, 60]
    assert allocate(100, [Want(1, 50, 100), Want(1, 0, 100), Want(1, 0, 100)]) == [50, 25, 25]


def test_floors_above_the_total_are_refused() -> None:
    with pytest.raises(DataError, match="floors add up to more than the total of 5"):
        allocate(5, [Want(1, 3, 9), Want(1, 3, 9)])
