"""The budget clamp, as published, and the stop on the way."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.scheduling import Affordable, SpendingStop, affordable


@pytest.mark.parametrize(
    ("budget", "requested", "told"),
    [
        (1000.0, 1024, Affordable(450, False)),
        (1001.9, 1024, Affordable(450, False)),
        (1000.0, 200, Affordable(200, False)),
        (100.0, 1024, Affordable(1, True)),
        (40.0, 1024, Affordable(1, True)),
        (101.0, 1024, Affordable(1, False)),
        (math.inf, 1024, Affordable(1024, False)),
    ],
)
def test_clamp_by_hand(budget: float, requested: int, told: Affordable) -> None:
    """100 prompt tokens at 1, output at 2: of 1,000 there remain 900, which pay for 450."""
    assert affordable(budget, 100, 1.0, 2.0, requested) == told


def test_free_output_is_never_clamped() -> None:
    assert affordable(1.0, 10, 0.0, 0.0, 77) == Affordable(77, False)


@given(
    st.floats(1e-6, 1e-2),
    st.integers(1, 5000),
    st.floats(1e-8, 1e-6),
    st.floats(1e-8, 1e-6),
    st.integers(1, 4096),
)
def test_a_clamped_answer_stays_within_the_budget(
    budget: float, prompt: int, price_in: float, price_out: float, requested: int
) -> None:
    told = affordable(budget, prompt, price_in, price_out, requested)
    assert 1 <= told.max_tokens <= requested
    cost = prompt * price_in + told.max_tokens * price_out
    if told.max_tokens > 1:
        assert cost <= budget * (1 + 1e-9)


def test_the_stream_stops_before_the_token_that_would_cost_too_much() -> None:
    stop = SpendingStop(1e-5, price_in=1e-8, price_out=1e-6)
    # 100 prompt tokens cost 1e-6; nine output tokens fill the budget.
    assert [stop.reached(100, n) for n in (7, 8, 9, 10)] == [False, False, True, True]


def test_the_stop_agrees_with_the_clamp() -> None:
    for budget in (3.3e-6, 7.7e-6, 1.2e-5):
        stop = SpendingStop(budget, 1e-8, 1e-6)
        tokens = 0
        while not stop.reached(50, tokens):
            tokens += 1
        assert tokens == affordable(budget, 50, 1e-8, 1e-6, 10_000).max_tokens
