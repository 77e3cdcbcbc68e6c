"""The link's states without a clock: times are given, so every case is exact."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.fleet.telemetry import Link, PollRule

RULE = PollRule(
    period=1.0,
    timeout=2.0,
    stale_after=3.0,
    unreachable_after=2,
    backoff_first=1.0,
    backoff_longest=8.0,
    jitter=0.5,
)


def test_never_asked_is_unknown_not_idle() -> None:
    assert Link().state(100.0, RULE) == "unknown"
    assert Link().age(100.0) is None


def test_an_answer_is_as_old_as_its_question() -> None:
    link = Link().answered(10.0, 10.4, RULE)
    assert link.age(10.4) == pytest.approx(0.4)
    assert link.next_poll == 11.0
    assert link.state(13.0, RULE) == "fresh"
    assert link.state(13.1, RULE) == "stale"


def test_a_slow_answer_is_asked_again_at_once() -> None:
    assert Link().answered(10.0, 11.7, RULE).next_poll == 11.7


def test_one_failure_is_forgiven_two_are_not() -> None:
    link = Link().answered(10.0, 10.0, RULE).failed(11.0, 11.0, "silent", RULE, 0.0)
    assert link.state(11.0, RULE) == "fresh"
    assert link.next_poll == 12.0
    link = link.failed(12.0, 14.0, "refused", RULE, 0.0)
    assert link.state(14.0, RULE) == "unreachable"
    assert (link.failures, link.since, link.error) == (2, 11.0, "refused")
    assert link.age(14.0) == 4.0
    assert link.next_poll == 16.0


def test_one_failure_without_an_answer_leaves_it_unknown() -> None:
    assert Link().failed(0.0, 0.0, "refused", RULE, 0.0).state(0.0, RULE) == "unknown"


def test_an_answer_forgets_the_failures() -> None:
    link = Link().failed(0.0, 0.0, "a", RULE, 0.0).failed(1.0, 1.0, "b", RULE, 0.0)
    link = link.answered(3.0, 3.1, RULE)
    assert (link.failures, link.since, link.error) == (0, None, None)
    assert link.state(3.1, RULE) == "fresh"


def test_pauses_double_up_to_the_longest() -> None:
    pauses = [RULE.pause(failures, 0.0) for failures in (1, 2, 3, 4, 5, 10_000)]
    assert pauses == [1.0, 2.0, 4.0, 8.0, 8.0, 8.0]


@given(st.integers(1, 10**6), st.floats(0, 1, exclude_max=True))
def test_pauses_stay_in_bounds(failures: int, draw: float) -> None:
    longest = min(8.0, 2.0 ** min(failures - 1, 64))
    assert longest / 2 <= RULE.pause(failures, draw) <= longest


Events = st.lists(st.tuples(st.booleans(), st.floats(0, 2.0), st.floats(0, 5.0)), max_size=30)


@given(Events)
def test_whatever_happens(events: list[tuple[bool, float, float]]) -> None:
    """Ages grow until an answer, state follows from the failures, the next poll is not past."""
    link, now, failures, asked = Link(), 0.0, 0, None
    for answered, took, wait in events:
        sent = max(now, link.next_poll)
        before = link.age(sent)
        now = sent + took
        if answered:
            link, failures, asked = link.answered(sent, now, RULE), 0, sent
        else:
            link, failures = link.failed(sent, now, "silent", RULE, 0.3), failures + 1
            after = link.age(now)
            assert (before is None) == (after is None)
            assert before is None or after is None or after >= before
        assert link.next_poll >= now
        assert link.age(now) == (None if asked is None else now - asked)
        assert (link.state(now, RULE) == "unreachable") == (failures >= 2)
        later, much_later = link.age(now + wait), link.age(now + wait + 1)
        assert later is None or much_later is None or much_later > later
        assert (link.error is None) == (failures == 0) == (link.since is None)


@pytest.mark.parametrize(
    "wrong",
    [
        {"period": 0.0},
        {"timeout": -1.0},
        {"stale_after": 0.0},
        {"unreachable_after": 0},
        {"backoff_first": 2.0, "backoff_longest": 1.0},
        {"jitter": 1.5},
    ],
)
def test_rules_that_make_no_sense(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"must be above 0|jitter is a share"):
        PollRule(**wrong)  # type: ignore[arg-type]
