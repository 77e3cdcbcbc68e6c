"""Closed loops: who sends when, whatever order requests end in."""

import numpy as np
import pytest

from pipeline.params import ClosedParams
from pipeline.workload.arrivals import ClosedLoop


def test_constant_think_time_by_hand() -> None:
    loop = ClosedLoop(ClosedParams(users=2, think_s=3, think="constant"), np.random.default_rng(1))
    first = loop.first(2)
    assert ((first >= 0) & (first < 3)).all()
    assert first[0] != first[1]
    assert loop.next(10.0, 1) == 13.0
    assert loop.next(11.5, 0) == 14.5


def test_no_think_time_sends_at_once() -> None:
    loop = ClosedLoop(ClosedParams(users=2, think_s=0), np.random.default_rng(1))
    assert loop.first(2).tolist() == [0.0, 0.0]
    assert loop.next(7.0, 0) == 7.0


def test_think_times_do_not_depend_on_who_ends_first() -> None:
    params = ClosedParams(users=3, think_s=2)
    one, other = (ClosedLoop(params, np.random.default_rng(5)) for _ in range(2))
    np.testing.assert_array_equal(one.first(3), other.first(3))
    forwards = [one.next(0.0, user) for user in (0, 1, 2, 0)]
    backwards = [other.next(0.0, user) for user in (2, 1, 0, 0)]
    assert forwards == [backwards[2], backwards[1], backwards[0], backwards[3]]


def test_exponential_think_time_has_its_mean() -> None:
    loop = ClosedLoop(ClosedParams(users=4, think_s=2), np.random.default_rng(6))
    thinks = [loop.next(0.0, i % 4) for i in range(20_000)]
    assert np.mean(thinks) == pytest.approx(2, rel=4 / 20_000**0.5)
    assert np.std(thinks) == pytest.approx(2, rel=0.05)


def test_fewer_requests_than_users() -> None:
    loop = ClosedLoop(ClosedParams(users=4, think_s=2), np.random.default_rng(6))
    assert loop.first(2).shape == (2,)
    with pytest.raises(ValueError, match="5 first requests of 4 users"):
        loop.first(5)


def test_throughput_obeys_the_response_time_law() -> None:
    """With a constant service of R s and no queue, X = users / (R + think) requests/s."""
    loop = ClosedLoop(ClosedParams(users=5, think_s=1.5), np.random.default_rng(3))
    sent = 0
    for user, start in enumerate(loop.first(5)):
        while start < 2000:
            sent += 1
            start = loop.next(start + 0.5, user)
    assert sent / 2000 == pytest.approx(5 / 2.0, rel=0.03)
