"""A workload whose instances are known beforehand, served with no Python between its requests."""

from collections.abc import Sequence as Values

import numpy as np

from pipeline.fleet import _kernel_events as kernel
from pipeline.fleet._arrays import FleetArrays, Floats, Ints, Limits, make_arrays
from pipeline.fleet._sequence import BLOCK_TOKENS
from pipeline.fleet._step import StepTime

__all__ = ["Replay", "replay", "replay_closed"]


class Replay:
    """Outcome of a workload whose instances were fixed beforehand; arrays of (n,), seconds.

    Attributes:
        arrivals: when each sequence came.
        first_token, done: times, NaN where there is none.
        preempted: how often each sequence gave up its cache.
        iterations: of all instances together.
    """

    def __init__(self, arrays: FleetArrays, arrivals: Floats) -> None:
        self.arrivals = arrivals
        self.first_token: Floats = arrays.first_token
        self.done: Floats = arrays.done
        self.preempted: Ints = arrays.preempted
        self.iterations = int(arrays.iterations.sum())


def replay(
    steps: list[StepTime],
    limits: list[Limits],
    instances: Values[int] | Ints,
    arrivals: Values[float] | Floats,
    prompt_tokens: Values[int] | Ints,
    output_tokens: Values[int] | Ints,
) -> Replay:
    """Serve a workload whose instances are fixed; no Python runs between its requests.

    Args:
        steps, limits: per instance, (I,).
        instances, arrivals, prompt_tokens, output_tokens: per request, (n,); arrivals ascend, s.

    Raises:
        ValueError: arrivals run back, or a request can never fit into the cache of its instance.
    """
    times = np.ascontiguousarray(arrivals, np.float64)
    chosen = np.ascontiguousarray(instances, np.int64)
    if (np.diff(times) < 0).any():
        raise ValueError("arrivals must ascend")
    a = _loaded(steps, limits, chosen, prompt_tokens, output_tokens)
    kernel.replay(a, chosen, times)
    return Replay(a, times)


def replay_closed(
    step: StepTime,
    limits: Limits,
    first: Values[float] | Floats,
    prompt_tokens: Values[int] | Ints,
    output_tokens: Values[int] | Ints,
    think_s: float,
) -> Replay:
    """Serve a closed loop on one instance: as many clients as there are `first` times.

    Args:
        first: when each client's first request arrives, s, ascending; (clients,). No second one
            comes before all of them.
        prompt_tokens, output_tokens: in the order in which requests are sent, (n,).
        think_s: from the end of a request to the arrival of that client's next one, s.

    Raises:
        ValueError: there is no client, first times run back, or a request can never fit into the
            cache.
    """
    if not len(first):
        raise ValueError("a closed loop needs at least one client")
    times = np.full(len(prompt_tokens), np.nan)
    clients = min(len(first), times.size)
    times[:clients] = first[:clients]
    if (np.diff(times[:clients]) < 0).any():
        raise ValueError("arrivals must ascend")
    chosen = np.zeros(times.size, np.int64)
    a = _loaded([step], [limits], chosen, prompt_tokens, output_tokens)
    kernel.replay_closed(a, clients, times, float(think_s))
    return Replay(a, times)


def _loaded(
    steps: list[StepTime],
    limits: list[Limits],
    chosen: Ints,
    prompt_tokens: Values[int] | Ints,
    output_tokens: Values[int] | Ints,
) -> FleetArrays:
    """Arrays with the tokens of every request filled in, none submitted yet."""
    n = chosen.size
    a = make_arrays(steps, limits, max(1, n))
    a.prompt[:n] = prompt_tokens
    a.output[:n] = output_tokens
    needed = -(-(a.prompt + a.output)[:n] // BLOCK_TOKENS)
    if (needed > a.total[chosen]).any():
        first = int(np.argmax(needed > a.total[chosen]))
        raise ValueError(f"request {first} is larger than the KV cache of instance {chosen[first]}")
    return a
