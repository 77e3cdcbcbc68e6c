"""The engine against hand-worked cases, a slow twin, and its own laws."""

import math
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.fleet import BLOCK_TOKENS, Instance, Sequence, StepTime

PLAIN = StepTime.roofline(w=10.0, c=0.0, e=0.0, f=0.001, d=0.0, q=0.0)  # every iteration 10 ms


def request(number: int, prompt: int, output: int, at: float = 0.0) -> Sequence:
    return Sequence(number, prompt, output, float(output), at)


def engine(step: StepTime = PLAIN, kv: int = 16_000, seqs: int = 8, budget: int = 64) -> Instance:
    return Instance(step, kv, seqs, budget)


def run_alone(instance: Instance, *sequences: Sequence) -> list[Sequence]:
    for sequence in sequences:
        instance.submit(sequence, sequence.submitted)
    instance.advance(1e9)
    return instance.take_finished()


def test_one_request_takes_prefill_then_one_step_per_token() -> None:
    (done,) = run_alone(engine(), request(0, 20, 5))
    assert done.first_token == pytest.approx(0.010)
    assert done.done == pytest.approx(0.050)


def test_long_prompt_is_prefilled_in_chunks_of_the_token_budget() -> None:
    (done,) = run_alone(engine(budget=64), request(0, 130, 1))
    assert done.first_token == pytest.approx(0.030)  # 64 + 64 + 2
    assert done.done == done.first_token


def test_a_newcomer_joins_after_the_iteration_under_way() -> None:
    instance = engine()
    instance.submit(request(0, 10, 100), 0.0)
    instance.submit(request(1, 10, 1, 0.025), 0.025)
    instance.advance(0.0399)
    assert [s.request_id for s in instance.take_finished()] == []
    instance.advance(0.0401)
    assert [s.request_id for s in instance.take_finished()] == [1]


def test_step_time_terms_by_hand() -> None:
    step = StepTime.roofline(w=10, c=0.1, e=5, f=0.2, d=0.01, q=0.001)
    assert step.seconds(10, 0, 0, 0) == pytest.approx(0.011)  # weights: 10 + 1 > 5 + 2
    assert step.seconds(100, 0, 0, 0) == pytest.approx(0.025)  # compute: 5 + 20 = 25 > 20
    assert step.seconds(6, 4, 200, 50) == pytest.approx(0.011 + 0.002 + 0.00005)


def test_decode_time_grows_with_context() -> None:
    step = StepTime.roofline(w=10, c=0, e=0, f=0.001, d=1.0, q=0)
    (done,) = run_alone(engine(step), request(0, 5, 4))
    # prefill 10 ms; decodes hold 5, 6, 7 tokens: 15, 16, 17 ms.
    assert done.done == pytest.approx(0.058)


def test_waiting_beyond_max_num_seqs_is_first_come_first_served() -> None:
    finished = run_alone(engine(seqs=1), request(0, 5, 3), request(1, 5, 1), request(2, 5, 1))
    assert [s.request_id for s in finished] == [0, 1, 2]
    assert [s.done for s in finished] == pytest.approx([0.03, 0.04, 0.05])


def test_a_full_cache_preempts_the_youngest_and_recomputes_it() -> None:
    instance = engine(kv=4 * BLOCK_TOKENS)
    finished = run_alone(instance, request(0, 16, 33), request(1, 16, 33))
    assert [s.request_id for s in finished] == [0, 1]
    assert finished[0].preemptions == 0
    assert finished[1].preemptions >= 1
    assert finished[1].generated == 33
    assert instance.telemetry().kv_utilisation == 0


def test_telemetry_counts_what_is_pending() -> None:
    instance = engine(seqs=1, budget=64)
    instance.submit(Sequence(0, 100, 10, 8.0, 0.0), 0.0)
    instance.submit(Sequence(1, 7, 10, 20.0, 0.0), 0.0)
    instance.advance(0.011)  # first chunk of 64 done
    seen = instance.telemetry()
    assert (seen.running, seen.waiting) == (1, 1)
    assert seen.pending_prefill_tokens == 36 + 7
    assert seen.pending_decode_tokens == 8.0 + 20.0
    assert seen.context_tokens == 64
    assert seen.kv_utilisation == 7 / 1000  # the second chunk is under way


def test_a_sequence_larger_than_the_cache_is_refused() -> None:
    with pytest.raises(ValueError, match="larger than the KV cache"):
        engine(kv=32).submit(request(7, 30, 3), 0.0)


def test_time_never_runs_back() -> None:
    instance = engine()
    instance.advance(1.0)
    with pytest.raises(ValueError, match="engine is at"):
        instance.submit(request(0, 1, 1), 0.5)


@dataclass
class SlowTwin:
    """The same rules, one iteration at a time, written without runs or block arithmetic."""

    step: StepTime
    kv: int
    seqs: int
    budget: int
    now: float = 0.0
    running: list[Sequence] = field(default_factory=list)
    waiting: list[Sequence] = field(default_factory=list)

    def held(self, tokens: int) -> int:
        return math.ceil(tokens / BLOCK_TOKENS)

    def free(self, planned: dict[int, int]) -> int:
        total = self.kv // BLOCK_TOKENS
        return total - sum(
            self.held(s.computed + planned.get(s.request_id, 0)) for s in self.running
        )

    def iterate(self) -> None:  # noqa: C901 - one plain loop, so that it can be read against the rules
        planned: dict[int, int] = {}
        budget, preempted = self.budget, False
        for sequence in list(self.running):
            if sequence not in self.running or budget == 0:
                continue
            planned[sequence.request_id] = min(sequence.remaining, budget)
            while self.free(planned) < 0:
                victim = self.running.pop()
                planned.pop(victim.request_id, None)
                victim.computed = 0
                self.waiting.insert(0, victim)
                preempted = True
                if victim is sequence:
                    break
            budget -= planned.get(sequence.request_id, 0)
        while not preempted and self.waiting and budget and len(self.running) < self.seqs:
            sequence = self.waiting[0]
            self.running.append(sequence)
            planned[sequence.request_id] = min(sequence.remaining, budget)
            if self.free(planned) < 0:
                self.running.pop()
                del planned[sequence.request_id]
                break
            self.waiting.pop(0)
            budget -= planned[sequence.request_id]
        prefill = decode = context = 0
        work = 0.0
        for sequence in self.running:
            chunk = planned.get(sequence.request_id, 0)
            if sequence.decoding:
                decode += chunk
                context += sequence.computed if chunk else 0
            else:
                prefill += chunk
                work += chunk * (sequence.computed + chunk / 2)
        self.now += self.step.seconds(prefill, decode, context, work)
        for sequence in self.running:
            chunk = planned.get(sequence.request_id, 0)
            emits = chunk == sequence.remaining and chunk > 0
            sequence.computed += chunk
            if emits:
                sequence.generated += 1
                if sequence.first_token is None:
                    sequence.first_token = self.now
                if sequence.generated == sequence.output_tokens:
                    sequence.done = self.now
        self.running = [s for s in self.running if s.done is None]

    def serve(self, sequences: list[Sequence]) -> None:
        todo = sorted(sequences, key=lambda s: s.submitted)
        while todo or self.running or self.waiting:
            if not self.running and not self.waiting:
                self.now = max(self.now, todo[0].submitted)
            while todo and todo[0].submitted <= self.now:
                self.waiting.append(todo.pop(0))
            self.iterate()


workloads = st.lists(
    st.tuples(st.integers(1, 90), st.integers(1, 40), st.floats(0, 2)), min_size=1, max_size=14
)
steps = st.builds(
    StepTime.roofline,
    w=st.floats(1, 20),
    c=st.floats(0, 0.5),
    e=st.floats(0, 10),
    f=st.floats(0.001, 0.5),
    d=st.floats(0, 0.05),
    q=st.floats(0, 0.001),
)


@settings(max_examples=150)
@given(workload=workloads, step=steps, kv=st.integers(9, 40), seqs=st.integers(1, 6))
def test_equals_the_slow_twin(
    workload: list[tuple[int, int, float]], step: StepTime, kv: int, seqs: int
) -> None:
    times = sorted(at for _, _, at in workload)
    fast = [
        request(i, p, o, t) for i, ((p, o, _), t) in enumerate(zip(workload, times, strict=True))
    ]
    slow = [
        request(i, p, o, t) for i, ((p, o, _), t) in enumerate(zip(workload, times, strict=True))
    ]
    run_alone(Instance(step, kv * BLOCK_TOKENS, seqs, 32), *fast)
    SlowTwin(step, kv * BLOCK_TOKENS, seqs, 32).serve(slow)
    for one, other in zip(fast, slow, strict=True):
        assert one.first_token == pytest.approx(other.first_token, abs=1e-9)
        assert one.done == pytest.approx(other.done, abs=1e-9)


@settings(max_examples=100)
@given(workload=workloads, looks=st.lists(st.floats(0, 5), max_size=20), kv=st.integers(9, 30))
def test_looking_changes_nothing_and_everything_ends_once(
    workload: list[tuple[int, int, float]], looks: list[float], kv: int
) -> None:
    step = StepTime.roofline(w=5, c=0.1, e=1, f=0.05, d=0.002, q=1e-5)
    times = sorted(at for _, _, at in workload)
    calm = [
        request(i, p, o, t) for i, ((p, o, _), t) in enumerate(zip(workload, times, strict=True))
    ]
    watched = [
        request(i, p, o, t) for i, ((p, o, _), t) in enumerate(zip(workload, times, strict=True))
    ]
    run_alone(Instance(step, kv * BLOCK_TOKENS, 4, 32), *calm)
    instance = Instance(step, kv * BLOCK_TOKENS, 4, 32)
    events = [(s.submitted, s) for s in watched] + [(t, None) for t in looks]
    last = 0.0
    for at, sequence in sorted(events, key=lambda event: event[0]):
        if sequence is None:
            instance.advance(at)
            assert 0 <= instance.telemetry().kv_utilisation <= 1
        else:
            instance.submit(sequence, at)
        assert instance.now >= last
        last = instance.now
    instance.advance(1e9)
    ended = [s.request_id for s in instance.take_finished()]
    assert sorted(ended) == list(range(len(workload)))
    for one, other in zip(calm, watched, strict=True):
        assert one.done == pytest.approx(other.done, abs=1e-9)
