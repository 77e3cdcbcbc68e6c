"""The ledger: by hand, against a slow twin, and against the engine's true state."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.scheduling import QUANTITIES, Capacity, Ledger, TelemetryOnly

SILENT = np.full((6, 2), np.nan)


def capacity(instances: int = 2, slots: float = 16.0) -> Capacity:
    return Capacity(
        kv_tokens=np.full(instances, 1000.0),
        max_num_seqs=np.full(instances, slots),
        tpot_s=np.full(instances, 0.1),
    )


def reading(**rows: list[float]) -> np.ndarray:
    return np.array([rows.get(name, [0.0, 0.0]) for name in QUANTITIES])


def at(*times: float) -> np.ndarray:
    return np.array(times, dtype=float)


def test_a_request_counts_from_dispatch_to_end() -> None:
    ledger = Ledger(capacity())
    ledger.dispatched(7, 1, prompt_tokens=40, predicted=20, at=1.0)
    on_its_way = ledger.view(0.9)
    assert on_its_way.waiting.tolist() == [0, 1]
    assert on_its_way.pending_prefill.tolist() == [0, 40]
    assert on_its_way.pending_decode.tolist() == [0, 20]
    running = ledger.view(1.2)  # more than an iteration later it has been taken in
    assert (running.running.tolist(), running.waiting.tolist()) == ([0, 1], [0, 0])
    ledger.first_token(7, 2.0)
    decoding = ledger.view(2.55)  # first token at 2.0 and one every .1 s: six
    assert decoding.pending_prefill.tolist() == [0, 0]
    assert decoding.pending_decode.tolist() == [0, 14]
    assert decoding.context.tolist() == [0, 46]
    assert decoding.kv_utilisation.tolist() == [0, pytest.approx(0.046)]
    ledger.ended(7, 3.9, tokens=20)
    assert ledger.view(4.0).queue.tolist() == [0, 0]
    assert ledger.view(4.0).pending_decode.tolist() == [0, 0]
    assert ledger.in_flight == 0


def test_beyond_the_slots_requests_wait() -> None:
    ledger = Ledger(capacity(slots=2))
    for request in range(5):
        ledger.dispatched(request, 0, 10, 10, at=0.0)
    state = ledger.view(1.0)
    assert (state.running[0], state.waiting[0]) == (2, 3)


def test_telemetry_adds_what_others_sent_and_counts_nothing_twice() -> None:
    ledger = Ledger(capacity())
    ledger.dispatched(1, 0, 100, 50, at=1.0)
    ledger.first_token(1, 1.5)
    # At 2.0 the server runs four: ours and three of somebody else.
    ledger.reconcile(reading(running=[4, 0], waiting=[0, 0]), at(2.0, 2.0))
    assert ledger.view(2.0).running[0] == 4
    ledger.dispatched(2, 0, 100, 50, at=2.5)
    assert ledger.view(2.55).queue[0] == 5
    ledger.ended(1, 2.6, tokens=12)
    assert ledger.view(2.7).queue[0] == 4
    # The next reading knows all that, and changes nothing.
    ledger.reconcile(reading(running=[4, 0]), at(3.0, 3.0))
    assert ledger.view(3.0).queue[0] == 4


def test_a_credit_that_comes_late_is_of_its_own_time() -> None:
    """The end at 1.9 is heard after the reading of 2.0, which has seen it."""
    ledger = Ledger(capacity())
    ledger.dispatched(1, 0, 100, 50, at=1.0)
    ledger.first_token(1, 1.2)
    ledger.reconcile(reading(running=[0, 0]), at(2.0, 2.0))
    assert ledger.view(2.0).queue[0] == 0
    ledger.ended(1, 1.9, tokens=8)
    assert ledger.view(2.1).queue[0] == 0


def test_untold_quantities_are_the_ledgers_own() -> None:
    ledger = Ledger(capacity())
    ledger.dispatched(1, 0, 100, 50, at=1.0)
    told = reading(running=[3, 0])
    told[2:4] = np.nan
    ledger.reconcile(told, at(2.0, 2.0))
    state = ledger.view(2.0)
    assert state.running[0] == 3
    assert (state.pending_prefill[0], state.pending_decode[0]) == (100, 50)


def test_failed_telemetry_ages_and_never_looks_idle() -> None:
    ledger = Ledger(capacity())
    ledger.reconcile(reading(running=[5, 1]), at(1.0, 1.0))
    ledger.dispatched(1, 0, 10, 10, at=1.5)
    lost = reading(running=[0, 2])
    lost[:, 0] = np.nan
    ledger.reconcile(lost, at(3.0, 3.0))
    state = ledger.view(4.0)
    assert state.queue.tolist() == [6, 2]
    assert state.age.tolist() == [3.0, 1.0]


def test_an_instance_that_never_answered_is_infinitely_old() -> None:
    assert np.isinf(Ledger(capacity()).view(10.0).age).all()


def test_an_old_reading_that_comes_late_is_ignored() -> None:
    ledger = Ledger(capacity())
    ledger.reconcile(reading(running=[2, 2]), at(2.0, 2.0))
    ledger.reconcile(reading(running=[9, 9]), at(1.0, 1.0))
    assert ledger.view(2.0).running.tolist() == [2, 2]


def test_completions_teach_the_decode_speed() -> None:
    ledger = Ledger(capacity())
    for request in range(200):
        ledger.dispatched(request, 0, 10, 11, at=request)
        ledger.first_token(request, request + 0.1)
        ledger.ended(request, request + 0.6, tokens=11)  # .05 s a token, and not .1
    ledger.dispatched(999, 0, 10, 100, at=300.0)
    ledger.first_token(999, 300.0)
    # .502 s at .05 s a token: eleven of a hundred are out.
    assert ledger.view(300.502).pending_decode[0] == 89


def test_the_same_request_twice_is_a_defect() -> None:
    ledger = Ledger(capacity())
    ledger.dispatched(1, 0, 10, 10, at=0.0)
    with pytest.raises(ValueError, match="request 1 is already in the ledger"):
        ledger.dispatched(1, 1, 10, 10, at=0.0)


def test_the_published_way_forgets_what_telemetry_has_not_seen() -> None:
    keeper = TelemetryOnly(2)
    keeper.reconcile(reading(running=[1, 0]), at(1.0, 1.0))
    keeper.dispatched(1, 0, 10, 10, at=1.1)
    assert keeper.view(1.2).queue.tolist() == [1, 0]
    keeper.reconcile(SILENT, at(2.0, 2.0))
    assert keeper.view(2.0).queue.tolist() == [1, 0]


@dataclass
class Life:
    """A request as a test draws it."""

    instance: int
    start: float
    first: float | None
    end: float | None


moments = st.floats(0, 10, allow_nan=False).map(lambda t: round(t, 3))


@st.composite
def lives(draw: st.DrawFn) -> Life:
    times = sorted(draw(st.lists(moments, min_size=3, max_size=3)))
    fate = draw(st.sampled_from(["waiting", "running", "finished", "failed"]))
    return Life(
        draw(st.integers(0, 1)),
        times[0],
        times[1] if fate in ("running", "finished") else None,
        times[2] if fate in ("finished", "failed") else None,
    )


@settings(max_examples=200)
@given(st.lists(lives(), max_size=12), moments)
def test_it_balances_under_random_ends_and_faults(drawn: list[Life], taken: float) -> None:
    """Queues are those counted by hand at any time; a true reading in between changes nothing."""
    plain, told = Ledger(capacity(slots=100.0)), Ledger(capacity(slots=100.0))
    read = False
    for time, events in _history(drawn):
        if time > taken and not read:
            told.reconcile(_truth(drawn, taken), at(taken, taken))
            read = True
        for kind, request in events:
            _credit(plain, kind, request, drawn[request], time)
            _credit(told, kind, request, drawn[request], time)
        counted = _truth(drawn, time)[:2].sum(axis=0)
        assert plain.view(time).queue.tolist() == counted.tolist()
        assert told.view(time).queue.tolist() == pytest.approx(counted.tolist())
    open_ones = sum(life.end is None for life in drawn)
    assert plain.in_flight == told.in_flight == open_ones
    if not open_ones:
        empty = plain.view(99.0)
        assert not empty.queue.any()
        assert not empty.pending_decode.any()
        assert not empty.pending_prefill.any()


def _history(drawn: list[Life]) -> list[tuple[float, list[tuple[str, int]]]]:
    """What happens at which time, in order; at one time starts come before ends."""
    events: dict[float, list[tuple[str, int]]] = {}
    for request, life in enumerate(drawn):
        for kind, time in (("1 start", life.start), ("2 first", life.first), ("3 end", life.end)):
            if time is not None:
                events.setdefault(time, []).append((kind, request))
    return [(time, sorted(events[time])) for time in sorted(events)]


def _credit(ledger: Ledger, kind: str, request: int, life: Life, time: float) -> None:
    if kind == "1 start":
        ledger.dispatched(request, life.instance, 10, 20, time)
    elif kind == "2 first":
        ledger.first_token(request, time)
    else:
        ledger.ended(request, time, 5)


def _truth(drawn: list[Life], now: float) -> np.ndarray:
    """What a server that reports sequences alone would say at `now`."""
    out = np.full((6, 2), np.nan)
    out[:2] = 0
    for life in drawn:
        if life.start <= now and (life.end is None or life.end > now):
            out[0, life.instance] += 1
    return out


def test_thousands_of_requests_leave_no_entries_behind() -> None:
    ledger = Ledger(capacity())
    for request in range(5000):
        now = 0.01 * request
        ledger.dispatched(request, request % 2, 10, 10, at=now)
        if request >= 20:
            ledger.ended(request - 20, now, tokens=3)
        if request % 10 == 0:
            ledger.reconcile(SILENT, at(now, now))
    assert ledger.in_flight == 20
    assert len(ledger._instance) == 64
