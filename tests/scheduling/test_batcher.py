"""When batches close: by hand."""

import math

import pytest

from pipeline.params import BatchParams
from pipeline.scheduling import Batcher


def test_idle_close_waits_for_nobody() -> None:
    batcher = Batcher(BatchParams(max_batch=8))
    assert batcher.closes_at(3.0, math.inf) == 3.0


@pytest.mark.parametrize(
    ("full_at", "closes"),
    [(math.inf, 3.1), (3.04, 3.04), (2.5, 3.0), (3.4, 3.1)],
    ids=["timer", "full before", "full already", "full too late"],
)
def test_timer_closes_at_the_earlier_of_full_and_late(full_at: float, closes: float) -> None:
    batcher = Batcher(BatchParams(max_batch=8, close="timer", wait_ms=100))
    assert batcher.closes_at(3.0, full_at) == pytest.approx(closes)


@pytest.mark.parametrize(
    ("busy", "most", "wait"),
    [
        (0 / 13, 4, 0.050),
        (3 / 13, 4, 0.050),
        (0.3, 16, 0.100),
        (9 / 13, 16, 0.100),
        (0.7, 32, 0.200),
        (1.0, 32, 0.200),
    ],
)
def test_the_published_table(busy: float, most: int, wait: float) -> None:
    batcher = Batcher(BatchParams(max_batch=8, close="timer", wait_ms=100, adaptive=True))
    assert (batcher.most, batcher.closes_at(0.0, math.inf)) == (8, 0.100)  # the first batch only
    batcher.observe(busy)
    assert (batcher.most, batcher.closes_at(0.0, math.inf)) == (most, wait)


def test_fixed_mode_does_not_adapt() -> None:
    batcher = Batcher(BatchParams(max_batch=8, close="timer", wait_ms=100))
    batcher.observe(1.0)
    assert (batcher.most, batcher.closes_at(0.0, math.inf)) == (8, 0.100)


def test_a_timer_that_waits_for_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="wait_ms goes with close timer, and only there"):
        BatchParams(max_batch=8, close="timer")
    with pytest.raises(ValueError, match="wait_ms goes with close timer, and only there"):
        BatchParams(max_batch=8, wait_ms=10)
