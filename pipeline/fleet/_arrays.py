"""The state of a whole fleet as arrays, which the compiled kernel works on."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.fleet._sequence import BLOCK_TOKENS
from pipeline.fleet._step import StepTime

__all__ = [
    "CANCELLED",
    "FAILED",
    "FINISHED",
    "RUNNING",
    "WAITING",
    "FleetArrays",
    "Floats",
    "Ints",
    "Limits",
    "grown",
    "make_arrays",
]

WAITING, RUNNING, FINISHED, CANCELLED, FAILED = range(5)

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


class FleetArrays(NamedTuple):
    """n sequences and I instances with at most R running; times in seconds.

    Sequences, (n,): prompt, output, predicted and generated tokens; computed tokens; blocks held;
    preemptions; status; when the first and the last token were out and when it left; whether its
    cancellation waits for the end of the iteration; the next one in the queue, or -1.

    Instances, (I,): the fields of `Instance`, and the run under way: `steps` iterations since
    `start`, of which number j (from 0) takes first_s + growth * j. `running` and `move`, (I, R),
    are the running sequences and the tokens each has in the iteration. Step times as in
    `iteration_ms`, padded to the longest curve.

    `log` holds the sequences that ended, in order, and `logged` their number.
    """

    prompt: Ints
    output: Ints
    predicted: Floats
    computed: Ints
    generated: Ints
    held: Ints
    preempted: Ints
    status: Ints
    first_token: Floats
    done: Floats
    ended: Floats
    cancelling: Ints
    following: Ints
    now: Floats
    up: Ints
    factor: Floats
    stalled_until: Floats
    used: Ints
    total: Ints
    max_num_seqs: Ints
    max_tokens: Ints
    n_running: Ints
    n_waiting: Ints
    head: Ints
    tail: Ints
    preemptions: Ints
    iterations: Ints
    active: Ints
    start: Floats
    first_s: Floats
    growth: Floats
    steps: Ints
    running: Ints
    move: Ints
    knots: Floats
    curve: Floats
    n_knots: Ints
    rates: Floats
    log: Ints
    logged: Ints


class Limits(NamedTuple):
    """What an instance can hold and serve at once."""

    kv_tokens: int
    max_num_seqs: int
    max_batched_tokens: int


def make_arrays(steps: list[StepTime], limits: list[Limits], capacity: int) -> FleetArrays:
    """Return idle instances at time 0 and room for `capacity` sequences."""
    n, size = capacity, len(steps)
    most = max(limit.max_num_seqs for limit in limits)
    width = max(len(step.knots) for step in steps)
    knots, curve = (np.zeros((size, width)) for _ in range(2))
    for i, step in enumerate(steps):
        knots[i, : len(step.knots)] = step.knots
        curve[i, : len(step.knots)] = step.curve
    return FleetArrays(
        **_sequences(n),
        now=np.zeros(size),
        up=np.ones(size, np.int64),
        factor=np.ones(size),
        stalled_until=np.zeros(size),
        used=_zeros(size),
        total=np.array([limit.kv_tokens // BLOCK_TOKENS for limit in limits], np.int64),
        max_num_seqs=np.array([limit.max_num_seqs for limit in limits], np.int64),
        max_tokens=np.array([limit.max_batched_tokens for limit in limits], np.int64),
        n_running=_zeros(size),
        n_waiting=_zeros(size),
        head=np.full(size, -1, np.int64),
        tail=np.full(size, -1, np.int64),
        preemptions=_zeros(size),
        iterations=_zeros(size),
        active=_zeros(size),
        start=np.zeros(size),
        first_s=np.zeros(size),
        growth=np.zeros(size),
        steps=_zeros(size),
        running=np.zeros((size, most), np.int64),
        move=np.zeros((size, most), np.int64),
        knots=knots,
        curve=curve,
        n_knots=np.array([len(step.knots) for step in steps], np.int64),
        rates=np.array([step.rates for step in steps], np.float64),
        log=_zeros(n),
        logged=_zeros(1),
    )


def grown(arrays: FleetArrays, capacity: int) -> FleetArrays:
    """Return the same state with room for `capacity` sequences."""
    wider: dict[str, Any] = _sequences(capacity) | {"log": _zeros(capacity)}
    for name, values in wider.items():
        old = getattr(arrays, name)
        values[: len(old)] = old
    return arrays._replace(**wider)


def _sequences(n: int) -> dict[str, Any]:
    integers = ("prompt", "output", "computed", "generated", "held", "preempted", "status")
    times = ("first_token", "done", "ended")
    return {
        **{name: _zeros(n) for name in (*integers, "cancelling")},
        **{name: np.full(n, np.nan) for name in times},
        "predicted": np.zeros(n),
        "following": np.full(n, -1, np.int64),
    }


def _zeros(n: int) -> Ints:
    return np.zeros(n, np.int64)
