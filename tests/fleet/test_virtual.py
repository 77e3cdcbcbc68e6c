"""The compiled fleet equals the plain state machine, and both obey the laws of conservation."""

import itertools
import math
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.fleet import (
    BLOCK_TOKENS,
    FaultEvent,
    Instance,
    Limits,
    Sequence,
    StepTime,
    VirtualFleet,
    replay,
    replay_closed,
)

STEP = StepTime.roofline(w=5, c=0.1, e=1, f=0.05, d=0.002, q=1e-5)
SIMPLE = StepTime.simple(a=4, b=0.08, c=0.2, d=0.003)
# Every term at once, with a curve that bends and decodes that cost more beside prefill.
CURVE = StepTime(
    (1.0, 4.0, 16.0), (3.0, 3.2, 5.5), 0.09, p=0.02, c=0.15, d=0.002, q=1e-4, c_mixed=0.4,
    d_mixed=0.006, walk=0.02, b=0.7,
)  # fmt: skip


@dataclass(frozen=True)
class Act:
    """Something that happens from outside at a time, to one instance."""

    at: float
    kind: str  # submit, cancel, look, slow_down, stall, crash, restart
    instance: int
    prompt: int = 1
    output: int = 1
    value: float = 1.0


acts = st.lists(
    st.builds(
        Act,
        at=st.floats(0, 3),
        kind=st.sampled_from(
            ["submit"] * 8 + ["cancel", "look", "slow_down", "stall", "crash", "restart"]
        ),
        instance=st.integers(0, 1),
        prompt=st.integers(1, 90),
        output=st.integers(1, 40),
        value=st.floats(0.3, 4),
    ),
    min_size=1,
    max_size=40,
).map(lambda found: sorted(found, key=lambda act: act.at))


def plain(acts: list[Act], limits: Limits) -> tuple[list[Sequence], list[np.ndarray]]:
    """Play the acts on two plain instances; return what ended and what was seen at every look."""
    engines = [Instance(step, *limits) for step in (STEP, CURVE)]
    looks, ended, here = [], [], ([], [])
    for number, act in enumerate(acts):
        engine = engines[act.instance]
        if act.kind == "submit":
            engine.submit(Sequence(number, act.prompt, act.output, 9.0, act.at), act.at)
            here[act.instance].append(number)
        elif act.kind == "cancel" and here[act.instance]:
            engine.cancel(here[act.instance][int(act.value * 7) % len(here[act.instance])], act.at)
        elif act.kind == "slow_down":
            engine.slow_down(act.value, act.at)
        elif act.kind == "stall":
            engine.stall(act.at + act.value / 10, act.at)
        elif act.kind in ("crash", "restart"):
            getattr(engine, act.kind)(act.at)
        for one in engines:
            before = one.now
            one.advance(act.at)
            assert one.now >= before  # time never runs back
        looks.append(
            np.array(
                [
                    (
                        t.running, t.waiting, t.pending_prefill_tokens, t.pending_decode_tokens,
                        t.context_tokens, t.kv_utilisation,
                    )
                    for t in (one.telemetry() for one in engines)
                ]
            ).T
        )  # fmt: skip
    for one in engines:
        one.advance(math.inf)
        ended += one.take_finished()
        assert one.telemetry().kv_utilisation == 0  # every block came back
    return ended, looks


def compiled(acts: list[Act], limits: Limits) -> tuple[list[Sequence], list[np.ndarray]]:
    """Play the same acts on the compiled fleet."""
    faults = []
    for act in acts:
        if act.kind in ("slow_down", "stall", "crash", "restart"):
            value = act.at + act.value / 10 if act.kind == "stall" else act.value
            faults.append(FaultEvent(act.at, act.instance, act.kind, value))
    fleet = VirtualFleet([STEP, CURVE], [limits, limits], faults, capacity=1)
    looks, here = [], ([], [])
    for number, act in enumerate(acts):
        if act.kind == "submit":
            sequence = Sequence(number, act.prompt, act.output, 9.0, act.at)
            fleet.submit(act.instance, sequence, act.at)
            here[act.instance].append(number)
        elif act.kind == "cancel" and here[act.instance]:
            which = here[act.instance][int(act.value * 7) % len(here[act.instance])]
            fleet.cancel(act.instance, which, act.at)
        fleet.advance(act.at)
        looks.append(fleet.observe())
    fleet.advance(math.inf)
    assert (fleet.observe() == 0).all()
    return fleet.take_finished(), looks


def distinct_times(acts: list[Act]) -> bool:
    """Whether no two acts share a moment: their order within it is not part of the contract."""
    times = [act.at for act in acts]
    return len(set(times)) == len(times)


@settings(max_examples=300)
@given(acts=acts.filter(distinct_times), kv=st.integers(9, 40), seqs=st.integers(1, 6))
def test_compiled_fleet_equals_the_plain_instances(acts: list[Act], kv: int, seqs: int) -> None:
    limits = Limits(kv * BLOCK_TOKENS, seqs, 32)
    slow, seen_slow = plain(acts, limits)
    fast, seen_fast = compiled(acts, limits)
    by_id = {sequence.request_id: sequence for sequence in fast}
    assert sorted(by_id) == sorted(sequence.request_id for sequence in slow)
    for one in slow:
        other = by_id[one.request_id]
        assert one.status == other.status
        assert (one.generated, one.preemptions) == (other.generated, other.preemptions)
        for name in ("first_token", "done", "ended"):
            assert getattr(one, name) == pytest.approx(getattr(other, name), abs=1e-9)
    for left, right in zip(seen_slow, seen_fast, strict=True):
        np.testing.assert_allclose(left, right, atol=1e-9)


@settings(max_examples=200)
@given(acts=acts, kv=st.integers(9, 40), seqs=st.integers(1, 6))
def test_every_request_ends_exactly_once_whatever_happens(
    acts: list[Act], kv: int, seqs: int
) -> None:
    submitted = [number for number, act in enumerate(acts) if act.kind == "submit"]
    ended, _ = plain(acts, Limits(kv * BLOCK_TOKENS, seqs, 32))
    assert sorted(sequence.request_id for sequence in ended) == submitted
    for sequence in ended:
        assert sequence.ended is not None
        assert sequence.held == []
        assert (sequence.status == "finished") == (sequence.done is not None)
        assert (sequence.generated > 0) == (sequence.first_token is not None)
        if sequence.status == "finished":
            assert sequence.generated == sequence.output_tokens
            assert sequence.submitted < sequence.first_token <= sequence.done == sequence.ended


@settings(max_examples=100)
@given(
    sizes=st.lists(
        st.tuples(st.integers(1, 90), st.integers(1, 40), st.integers(0, 2)), max_size=20
    ),
    kv=st.integers(9, 30),
)
def test_first_tokens_are_first_come_first_served_within_a_class(
    sizes: list[tuple[int, int, int]], kv: int
) -> None:
    instance = Instance(STEP, kv * BLOCK_TOKENS, 4, 32)
    sequences = [
        Sequence(i, p, o, 1.0, 0.0, priority=c) for i, (p, o, c) in enumerate(sizes)
    ]  # fmt: skip
    for sequence in sequences:
        instance.submit(sequence, 0.0)
    instance.advance(math.inf)
    for left, right in itertools.combinations(sequences, 2):
        if left.priority == right.priority:
            assert left.first_token <= right.first_token


def test_replay_equals_the_fleet_that_is_driven_from_python() -> None:
    rng = np.random.default_rng(7)
    arrivals = np.cumsum(rng.exponential(0.02, 200))
    prompt, output = rng.integers(1, 200, 200), rng.integers(1, 80, 200)
    instances = rng.integers(0, 2, 200)
    limits = Limits(60 * BLOCK_TOKENS, 8, 64)
    found = replay([STEP, CURVE], [limits] * 2, instances, arrivals, prompt, output)
    fleet = VirtualFleet([STEP, CURVE], [limits] * 2)
    for i in range(200):
        sequence = Sequence(i, int(prompt[i]), int(output[i]), 1.0, arrivals[i])
        fleet.submit(int(instances[i]), sequence, float(arrivals[i]))
    fleet.advance(math.inf)
    ended = sorted(fleet.take_finished(), key=lambda sequence: sequence.request_id)
    np.testing.assert_array_equal(found.done, [sequence.done for sequence in ended])
    np.testing.assert_array_equal(found.first_token, [s.first_token for s in ended])
    assert found.preempted.sum() == sum(sequence.preemptions for sequence in ended) > 0


def test_next_event_is_the_end_of_a_run_of_decodes() -> None:
    fleet = VirtualFleet([SIMPLE], [Limits(16_000, 8, 64)])
    assert fleet.next_event() == math.inf
    fleet.submit(0, Sequence(0, 10, 3, 1.0, 0.0), 0.0)
    assert fleet.next_event() == pytest.approx(0.0048)  # prefill of 10: 4 + 0.8 ms
    fleet.advance(0.0048)
    # Two decodes with 10 and 11 tokens of context: 4.2 + 0.03 and 4.2 + 0.033 ms.
    assert fleet.next_event() == pytest.approx(0.0048 + 0.00423 + 0.004233)


@settings(max_examples=50)
@given(
    workload=st.lists(st.tuples(st.integers(1, 90), st.integers(1, 40)), min_size=1, max_size=20)
)
def test_going_from_event_to_event_comes_to_an_end(workload: list[tuple[int, int]]) -> None:
    fleet = VirtualFleet([STEP, SIMPLE], [Limits(30 * BLOCK_TOKENS, 4, 32)] * 2)
    for i, (prompt, output) in enumerate(workload):
        fleet.submit(i % 2, Sequence(i, prompt, output, 1.0, 0.0), 0.0)
    last, events = -1.0, 0
    while (now := fleet.next_event()) < math.inf:
        assert now > last  # every event is behind us once we are there
        fleet.advance(now)
        last, events = now, events + 1
    assert len(fleet.take_finished()) == len(workload) <= events * 4


def test_classes_and_shared_prefixes_are_refused_by_the_compiled_fleet() -> None:
    fleet = VirtualFleet([SIMPLE], [Limits(16_000, 8, 64)])
    with pytest.raises(ValueError, match="need Instance"):
        fleet.submit(0, Sequence(0, 10, 3, 1.0, 0.0, priority=1), 0.0)
    with pytest.raises(ValueError, match="larger than the KV cache"):
        fleet.submit(0, Sequence(1, 16_000, 3, 1.0, 0.0), 0.0)
    fleet.submit(0, Sequence(2, 10, 3, 1.0, 1.0), 1.0)
    with pytest.raises(ValueError, match="engine is at"):
        fleet.submit(0, Sequence(3, 10, 3, 1.0, 0.5), 0.5)


requests = st.lists(st.tuples(st.integers(1, 90), st.integers(1, 40)), min_size=1, max_size=30)


@given(requests, st.lists(st.floats(0, 1), min_size=1, max_size=5), st.floats(1e-4, 0.5))
def test_a_closed_loop_equals_clients_who_wait_on_the_plain_machine(
    asked: list[tuple[int, int]], first: list[float], think_s: float
) -> None:
    limits, first = Limits(160, 3, 32), sorted(first)
    engine, sent, ended = Instance(CURVE, *limits), [], []
    for prompt, output in asked:
        ended += engine.take_finished()
        while len(ended) <= len(sent) - len(first):
            engine.advance(engine.next_event())
            ended += engine.take_finished()
        again = len(sent) - len(first)
        at = first[len(sent)] if again < 0 else max(ended[again].done + think_s, sent[-1])
        engine.submit(Sequence(len(sent), prompt, output, 9.0, at), at)
        sent.append(at)
    engine.advance(math.inf)
    by_number = {sequence.request_id: sequence for sequence in ended + engine.take_finished()}
    prompt, output = np.array(asked).T
    found = replay_closed(CURVE, limits, first, prompt, output, think_s)
    for ours, theirs in (
        (found.arrivals, sent),
        (found.first_token, [by_number[k].first_token for k in range(len(asked))]),
        (found.done, [by_number[k].done for k in range(len(asked))]),
    ):
        assert ours[: len(asked)] == pytest.approx(theirs, abs=1e-9)


def test_a_closed_loop_worked_by_hand() -> None:
    # Every iteration takes 10 ms: two clients, two tokens each, then a second request of each.
    step = StepTime.simple(a=10, b=0, c=0, d=0)
    found = replay_closed(step, Limits(1600, 8, 64), [0.0, 0.005], [4] * 4, [2] * 4, 0.002)
    assert found.arrivals == pytest.approx([0, 0.005, 0.022, 0.032])
    assert found.first_token == pytest.approx([0.01, 0.02, 0.04, 0.05])
    assert found.done == pytest.approx([0.02, 0.03, 0.05, 0.06])


def test_closed_loops_refuse_what_can_never_be_served() -> None:
    with pytest.raises(ValueError, match="at least one client"):
        replay_closed(STEP, Limits(160, 3, 32), [], [4], [4], 0.1)
    with pytest.raises(ValueError, match="arrivals must ascend"):
        replay_closed(STEP, Limits(160, 3, 32), [1.0, 0.0], [4, 4], [4, 4], 0.1)
    with pytest.raises(ValueError, match="request 1 is larger than the KV cache"):
        replay_closed(STEP, Limits(160, 3, 32), [0.0], [4, 200], [4, 4], 0.1)
