"""The prefix cache: who finds what, what is forgotten first, and that blocks balance."""

import math

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.fleet import BLOCK_TOKENS, Instance, Sequence, StepTime

STEP = StepTime.simple(a=10.0, b=0.1, c=0.0, d=0.0)


def asked(number: int, prompt: int, output: int, hashes: tuple[int, ...] = ()) -> Sequence:
    return Sequence(number, prompt, output, 1.0, 0.0, prefix_hashes=hashes)


def cached(kv_blocks: int = 100) -> Instance:
    return Instance(STEP, kv_blocks * BLOCK_TOKENS, 8, 2048, prefix_caching=True)


def test_a_later_request_does_not_compute_the_prefix_it_shares() -> None:
    instance = cached()
    first, second = asked(0, 40, 2, (11, 12)), asked(1, 50, 2, (11, 12, 13))
    instance.submit(first, 0.0)
    instance.advance(1.0)
    instance.submit(second, 1.0)
    instance.advance(2.0)
    assert (first.cached_tokens, second.cached_tokens) == (0, 32)
    assert first.first_token == 0.014  # 10 + 0.1 * 40 ms
    assert round(second.first_token - 1.0, 9) == 0.0118  # 10 + 0.1 * (50 - 32) ms
    seen = instance.telemetry()
    assert (seen.prefix_queries, seen.prefix_hits) == (90, 32)


def test_the_last_token_is_computed_even_where_all_of_the_prompt_is_cached() -> None:
    instance = cached()
    for number in (0, 1):
        instance.submit(asked(number, 32, 1, (11, 12)), float(number))
        instance.advance(number + 0.9)
    assert [sequence.cached_tokens for sequence in instance.take_finished()] == [0, 16]


def test_a_prefix_ends_at_the_first_block_that_differs() -> None:
    instance = cached()
    instance.submit(asked(0, 64, 1, (11, 12, 13, 14)), 0.0)
    instance.advance(0.5)
    instance.submit(asked(1, 64, 1, (11, 99, 13, 14)), 0.5)
    instance.advance(1.0)
    assert [sequence.cached_tokens for sequence in instance.take_finished()] == [0, 16]


def test_the_oldest_content_is_forgotten_first_and_its_end_before_its_start() -> None:
    instance = cached(kv_blocks=6)
    instance.submit(asked(0, 48, 1, (1, 2, 3)), 0.0)
    instance.advance(0.5)
    instance.submit(asked(1, 64, 1, (7, 8, 9, 10)), 0.5)  # takes three blocks never used, then one
    instance.advance(1.0)
    instance.submit(asked(2, 49, 1, (1, 2, 3)), 1.0)
    instance.advance(1.5)
    assert instance.take_finished()[-1].cached_tokens == 32


def test_sequences_share_blocks_while_both_run() -> None:
    instance = cached(kv_blocks=8)
    instance.submit(asked(0, 65, 40, (1, 2, 3, 4)), 0.0)
    instance.advance(0.02)
    instance.submit(asked(1, 65, 40, (1, 2, 3, 4)), 0.02)
    instance.advance(0.05)
    seen = instance.telemetry()
    assert (seen.running, round(seen.kv_utilisation * 8)) == (2, 6)  # 4 shared and 1 each


requests = st.lists(
    st.tuples(st.integers(1, 80), st.integers(1, 30), st.integers(0, 3), st.floats(0, 1)),
    min_size=1,
    max_size=25,
)


@settings(max_examples=150)
@given(requests=requests, kv=st.integers(8, 30), cancels=st.lists(st.integers(0, 24), max_size=6))
def test_everything_ends_once_and_all_blocks_come_back(
    requests: list[tuple[int, int, int, float]], kv: int, cancels: list[int]
) -> None:
    instance = Instance(STEP, kv * BLOCK_TOKENS, 4, 32, prefix_caching=True)
    times = sorted(at for *_, at in requests)
    sequences = []
    for number, ((prompt, output, family, _), at) in enumerate(zip(requests, times, strict=True)):
        hashes = tuple(100 * family + i for i in range(prompt // BLOCK_TOKENS))
        sequence = asked(number, prompt, output, hashes)
        instance.submit(sequence, at)
        sequences.append(sequence)
        if number in cancels:
            instance.cancel(number // 2, at)
        assert 0 <= instance.telemetry().kv_utilisation <= 1
    instance.advance(math.inf)
    ended = instance.take_finished()
    assert sorted(s.request_id for s in ended) == list(range(len(requests)))
    assert instance.telemetry().kv_utilisation == 0
    for sequence in sequences:
        assert sequence.cached_tokens < sequence.known
        assert (sequence.status == "finished") == (sequence.generated == sequence.output_tokens)
