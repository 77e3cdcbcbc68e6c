"""The formula over arrays is the formula one by one, and a decode run stays exact to skip."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.fleet import StepTime
from pipeline.fleet.steptime._predict import step_ms
from pipeline.fleet.steptime._rows import Rows

RATE = st.floats(0, 1)
STEPS = st.builds(
    StepTime,
    knots=st.just((1.0, 8.0, 100.0)),
    curve=st.tuples(*[st.floats(1, 50)] * 3),
    tail=RATE, p=RATE, c=RATE, d=RATE, q=RATE,
    c_mixed=st.none() | RATE, d_mixed=st.none() | RATE, walk=RATE, b=st.floats(-0.5, 1),
)  # fmt: skip
COUNT = st.integers(0, 300)


def rows(prefill: int, history: int, decode: int, context: int) -> Rows:
    values = (prefill, history if prefill else 0, decode, context if decode else 0, 1, 1)
    return Rows(*(np.array([float(value)]) for value in values))


@given(STEPS, COUNT, COUNT, COUNT, COUNT)
def test_arrays_equal_the_scalar_formula(
    step: StepTime, prefill: int, history: int, decode: int, context: int
) -> None:
    one = rows(prefill, history, decode, context)
    work = prefill * (history + prefill / 2)
    alone = step.seconds(prefill, decode, context if decode else 0, work) * 1e3
    assert step_ms(step, one)[0] == pytest.approx(alone)


@given(STEPS, st.integers(1, 300), COUNT)
def test_decode_runs_grow_by_a_constant(step: StepTime, decode: int, context: int) -> None:
    times = [step.seconds(0, decode, context + decode * i, 0.0) for i in range(3)]
    assert np.diff(times) == pytest.approx([step.growth(decode)] * 2, abs=1e-12)


@given(STEPS, st.floats(0.1, 5), COUNT, COUNT)
def test_scaling_scales_every_iteration(
    step: StepTime, factor: float, prefill: int, decode: int
) -> None:
    args = (prefill, decode, 10.0 * decode, 0.5 * prefill**2)
    expected = factor * step.seconds(*args)
    assert step.scaled(factor).seconds(*args) == pytest.approx(expected)


def test_mixed_rates_count_only_beside_prefill() -> None:
    step = StepTime((1.0,), (10.0,), 0.0, c=1.0, d=0.1, c_mixed=2.0, d_mixed=0.2, b=0.5)
    assert step.seconds(0, 4, 100, 0.0) == pytest.approx(0.010 + 0.004 + 0.010)
    assert step.seconds(8, 4, 100, 32.0) == pytest.approx(0.0105 + 0.008 + 0.020)


def test_the_longest_walk_bounds_a_prefill() -> None:
    step = StepTime((1.0,), (10.0,), 0.0, q=1e-3, walk=0.1)
    # 4 tokens after 100: Q = 4 * 102 = 408 costs 0.408 ms; a walk of 102 keys takes 10.2 ms.
    assert step.seconds(4, 0, 0, 408.0) == pytest.approx(0.0202)
    # One decoding sequence of 300 tokens walks further than the prefill.
    assert step.seconds(4, 1, 300, 408.0) == pytest.approx(0.040)
