"""Latency sources by hand: the published composition and its jump, ours without one, the filter."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.fleet import Limits, StepTime
from pipeline.predictors import AnalyticTimes, RatioBounds
from pipeline.scheduling import (
    FleetState,
    NoisyLatency,
    Pairs,
    ReferenceLatency,
    StaticLatency,
    within,
)
from tests.scheduling.conftest import idle, make_fleet

FIRST = np.array([0])


def pairs(instances: list[int], lengths: list[float]) -> Pairs:
    n = len(instances)
    return Pairs(
        np.array(instances), np.full(n, 100.0), np.array(lengths), np.full(n, max(lengths))
    )


def state(running: float, waiting: float, pending_decode: float = 0.0) -> FleetState:
    return FleetState.of(np.array([[running], [waiting], [0.0], [pending_decode], [0.0], [0.0]]))


def test_the_static_prior_is_length_times_nominal_tpot() -> None:
    told = StaticLatency(make_fleet(), None).predict(idle(), pairs([0, 2], [50.0, 20.0]))
    assert told.tpot.tolist() == [0.01, 0.04]
    assert told.ttft.tolist() == [0.02, 0.08]
    assert told.e2e == pytest.approx([0.5, 0.8])


def published(running: float, waiting: float, pending: float, length: float) -> float:
    """The published E2E at a TPOT of 20 ms on an instance of 16 slots."""
    composed = ReferenceLatency.__new__(ReferenceLatency)
    composed._slots = np.array([16.0])
    told = composed.compose(
        state(running, waiting, pending), FIRST, np.array([length]), np.array([0.02])
    )
    return float(told[0])


def test_the_published_composition_by_hand() -> None:
    assert published(0, 0, 0, 100.9) == pytest.approx(100 * 0.02)  # int() cuts the length
    assert published(15, 0, 3000, 100) == pytest.approx(100 * 0.02)  # an open slot
    assert published(16, 0, 3200, 100) == pytest.approx((3200 / 16 + 100) * 0.02)
    assert published(0, 1, 150, 100) == pytest.approx((150 / 1 + 100) * 0.02)
    assert published(0, 0, 0, 0.4) == pytest.approx(1 * 0.02)


def test_the_published_composition_jumps_at_the_second_request_of_a_batch() -> None:
    before, after = published(4, 0, 800, 100), published(4, 1, 900, 100)
    assert after - before == pytest.approx(900 / 4 * 0.02)  # 4.5 s, with twelve slots free


STEP = StepTime.roofline(w=10.0, c=0.1, e=5.0, f=0.05, d=1e-4, q=1e-6)
LIMITS = Limits(kv_tokens=16_000, max_num_seqs=16, max_batched_tokens=512)
TIMES = AnalyticTimes.of([STEP], [LIMITS])


def analytic(
    running: float = 0.0,
    waiting: float = 0.0,
    prefill: float = 0.0,
    decode: float = 0.0,
    context: float = 0.0,
    prompt: float = 100.0,
    length: float = 50.0,
) -> tuple[float, float]:
    columns = (running, waiting, prefill, decode, context, prompt, length)
    ttft, tpot = TIMES.predict(FIRST, *(np.array([value]) for value in columns))
    return float(ttft[0]), float(tpot[0])


def test_an_idle_instance_takes_one_prefill_and_then_decodes_alone() -> None:
    ttft, tpot = analytic()
    assert ttft == pytest.approx(STEP.seconds(100, 0, 0.0, 0.5 * 100**2))
    assert tpot == pytest.approx(STEP.seconds(0, 1, 125.0, 0.0))


def test_cache_that_nobody_decodes_from_costs_nothing() -> None:
    """What a reading may say for a moment: blocks in use, and no sequence."""
    assert analytic(context=500.0) == analytic()


def test_a_long_prompt_takes_several_iterations() -> None:
    ttft, _ = analytic(prompt=1100.0)
    whole = STEP.seconds(512, 0, 0.0, 0.5 * 512**2)
    assert ttft == pytest.approx(2 * whole + STEP.seconds(76, 0, 0.0, 0.5 * 1100**2))


def test_a_full_instance_waits_for_the_slots_that_are_missing() -> None:
    room, _ = analytic(running=15, decode=1500, context=3000)
    full, _ = analytic(running=16, decode=1600, context=3200)
    queue, _ = analytic(running=16, waiting=3, decode=1900, context=3200)
    step = STEP.seconds(0, 16, 3200.0, 0.0)
    # One of sixteen with a hundred tokens each to go ends every 100 / 16 iterations.
    assert full - room == pytest.approx(100 * step / 16, rel=0.05)
    assert queue - full == pytest.approx(3 * 100 * step / 16, rel=0.1)


def test_ours_has_no_jump_at_the_second_request() -> None:
    before, _ = analytic(running=4, decode=800, context=800)
    after, _ = analytic(running=4, waiting=1, prefill=100, decode=900, context=800)
    assert 0 < after - before < 0.02  # the other prompt's prefill, milliseconds


@settings(max_examples=100)
@given(st.floats(0, 16), st.floats(0, 20), st.floats(0, 4000), st.floats(1, 400), st.floats(1, 800))
def test_more_work_ahead_never_makes_it_faster(
    running: float, waiting: float, prefill: float, prompt: float, length: float
) -> None:
    base = {"running": running, "decode": 100 * (running + waiting), "context": 200 * running}
    less = analytic(**base, waiting=waiting, prefill=prefill, prompt=prompt, length=length)
    more = analytic(**base, waiting=waiting, prefill=prefill + 64, prompt=prompt, length=length)
    assert more[0] >= less[0] - 1e-12
    assert more[1] >= less[1] - 1e-12


def test_injected_error_has_mean_one() -> None:
    source = NoisyLatency(StaticLatency(make_fleet(), None), 0.5, np.random.default_rng(1))
    told = source.predict(idle(), pairs([0] * 20_000, [50.0] * 20_000))
    ratio = told.e2e / 0.5
    assert ratio.mean() == pytest.approx(1.0, abs=4 * ratio.std() / 20_000**0.5)
    assert np.log(ratio).std() == pytest.approx(0.5, rel=0.03)


class Calibrated(StaticLatency):
    """The static prior whose times were off by these factors in calibration."""

    def residuals(self, instance: int) -> tuple[RatioBounds, RatioBounds]:
        ratios = np.linspace(0.5, 1.5, 199)
        bound = RatioBounds.fit(ratios, np.ones(199), 0.9)
        return bound, bound


def test_probability_of_keeping_a_limit() -> None:
    source = Calibrated(make_fleet(), None)
    everywhere, predicted = np.array([0, 1, 2]), np.array([1.0, 1.0, 1.0])
    limit = np.array([1.0, 1.25, np.inf])
    sure = within(source, 0, everywhere, predicted, limit)
    assert sure == pytest.approx([0.5, 0.75, 1.0], abs=0.02)
    plain = within(StaticLatency(make_fleet(), None), 0, everywhere, predicted, limit - 0.1)
    assert plain.tolist() == [0.0, 1.0, 1.0]
