"""Replay of recorded arrival times."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import DataError
from pipeline.params import TraceParams
from pipeline.workload.arrivals._offered import offered_rate

__all__ = ["Trace", "replay"]

# Recorders stamp a tick some milliseconds early or late; Mooncake's are off by up to 0.1 %.
_TICK_JITTER = 0.01


@dataclass(frozen=True)
class Trace:
    """Recorded requests in the order of their arrival.

    Attributes:
        name: where they come from, for messages.
        times: (n,) seconds, never decreasing.
        input_tokens: (n,) prompt lengths, or None where the file holds none.
        output_tokens: (n,) output lengths, or None where the file holds none.
    """

    name: str
    times: NDArray[np.float64]
    input_tokens: NDArray[np.int64] | None = None
    output_tokens: NDArray[np.int64] | None = None


def replay(
    params: TraceParams, rate: float, n: int, rng: np.random.Generator, trace: Trace | None
) -> Trace:
    """Take n consecutive requests of a trace, from time 0.

    Quantised stamps are spread evenly at random inside their tick; requests keep their order.
    With `scale` "rate" the time of the part is stretched so that its `offered_rate` is `rate`.
    Equal streams give equal parts, so lengths fit what `arrival_times` drew.

    Raises:
        DataError: fewer than n requests, stamps closer than the tick they are said to have, or a
            part that cannot be scaled because all of it carries one stamp.
        ValueError: no trace was handed over.
    """
    if trace is None:
        raise ValueError("process trace needs the trace that read_trace returns")
    if n > trace.times.size:
        raise DataError(f"{trace.name}: holds {trace.times.size} arrivals, {n} were asked for")
    last_start = trace.times.size - n
    start = int(rng.integers(last_start + 1)) if params.start == "random" else 0
    part = slice(start, start + n)
    times = trace.times[part] - trace.times[start]
    if params.tick_s is not None:
        times = _spread(times, params.tick_s, rng, trace.name)
    if params.scale == "rate":
        times = _scaled(times, rate, trace.name)
    return Trace(
        trace.name,
        times,
        None if trace.input_tokens is None else trace.input_tokens[part],
        None if trace.output_tokens is None else trace.output_tokens[part],
    )


def _spread(
    times: NDArray[np.float64], tick_s: float, rng: np.random.Generator, name: str
) -> NDArray[np.float64]:
    gaps = np.diff(times)
    steps = gaps[gaps > 0]
    if steps.size and steps.min() < tick_s * (1 - _TICK_JITTER):
        raise DataError(
            f"{name}: stamps {steps.min():g} s apart contradict tick_s {tick_s:g}; "
            "give the step of the clock that stamped them"
        )
    # Sorting the times alone keeps requests in the order of the file.
    return np.sort(times + tick_s * rng.random(times.size))


def _scaled(times: NDArray[np.float64], rate: float, name: str) -> NDArray[np.float64]:
    if times[-1] <= times[0]:
        raise DataError(
            f"{name}: the {times.size} arrivals replayed carry one stamp and cannot be scaled to "
            "a rate; ask for more, spread them with tick_s, or set scale to none"
        )
    return times * (offered_rate(times) / rate)
