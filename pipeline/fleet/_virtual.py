"""A whole fleet on the virtual clock: the compiled kernel behind the names of `Instance`."""

import math
from collections import deque

import numpy as np
from numpy.typing import NDArray

from pipeline.fleet import _kernel_events as kernel
from pipeline.fleet._arrays import Floats, Limits, grown, make_arrays
from pipeline.fleet._faults import FaultEvent
from pipeline.fleet._sequence import Sequence, Status, blocks
from pipeline.fleet._step import StepTime

__all__ = ["Limits", "VirtualFleet"]

_KINDS = {"slow_down": kernel.SLOW_DOWN, "stall": kernel.STALL, "crash": kernel.CRASH}
_KINDS["restart"] = kernel.RESTART
_STATUS: tuple[Status, ...] = ("waiting", "running", "finished", "cancelled", "failed")


class VirtualFleet:
    """I instances that advance together, in engine seconds.

    It equals as many `Instance` objects, without classes and prefix cache, and is some hundred
    times faster, because runs of decodes between events are skipped in closed form.

    Args:
        steps: iteration time of each instance.
        limits: what each can hold and serve.
        faults: what happens to which instance, in order of time; applied on the way.
        capacity: sequences to make room for at first; it grows.
    """

    def __init__(
        self,
        steps: list[StepTime],
        limits: list[Limits],
        faults: list[FaultEvent] | None = None,
        capacity: int = 1024,
    ) -> None:
        self._arrays = make_arrays(steps, limits, capacity)
        self._faults = deque(faults or [])
        self._sequences: list[Sequence] = []
        self._number: dict[tuple[int, int], int] = {}
        self._taken = 0

    @property
    def size(self) -> int:
        """Number of instances."""
        return int(self._arrays.now.size)

    @property
    def up(self) -> NDArray[np.bool_]:
        """Which instances answer, (I,): all but those that crashed and have not restarted."""
        answering: NDArray[np.bool_] = self._arrays.up == 1
        return answering

    def first_tokens(self, numbers: list[int]) -> Floats:
        """When the first token of each was out, by its number; NaN where it is not yet; (n,)."""
        return self._arrays.first_token[numbers]

    def submit(self, instance: int, sequence: Sequence, now: float) -> int:
        """Queue a sequence on an instance at time `now`; return its number here, from 0.

        Raises:
            ValueError: `now` is in the past, the cache can never hold the sequence, or it asks for
                a class or prefix sharing, which `Instance` alone has.
        """
        self._apply_faults(now)
        a, number = self._arrays, len(self._sequences)
        if now < a.now[instance]:
            raise ValueError(f"submitted at {now} s, but the engine is at {a.now[instance]} s")
        if blocks(sequence.prompt_tokens + sequence.output_tokens) > a.total[instance]:
            raise ValueError(f"request {sequence.request_id} is larger than the KV cache")
        if sequence.priority or sequence.prefix_hashes:
            raise ValueError("classes and prefix caching need Instance; VirtualFleet has neither")
        if number == a.prompt.size:
            a = self._arrays = grown(a, 2 * number)
        a.prompt[number] = sequence.prompt_tokens
        a.output[number] = sequence.output_tokens
        a.predicted[number] = sequence.predicted_tokens
        self._sequences.append(sequence)
        self._number[instance, sequence.request_id] = number
        kernel.submit(a, instance, number, now)
        return number

    def cancel(self, instance: int, request_id: int, now: float) -> bool:
        """Take a sequence out; return whether it was on the instance."""
        self._apply_faults(now)
        number = self._number.get((instance, request_id))
        return number is not None and bool(kernel.cancel(self._arrays, instance, number, now))

    def advance(self, now: float) -> None:
        """Bring every instance to time `now`; infinity drains them."""
        self._apply_faults(now)
        kernel.advance_all(self._arrays, now)

    def next_event(self) -> float:
        """Earliest time at which anything but plain decoding happens on any instance; else inf."""
        fault = self._faults[0].at if self._faults else math.inf
        return min(fault, float(kernel.next_event(self._arrays)))

    def observe(self) -> Floats:
        """State as of the last `advance`, (6, I).

        Rows: running and waiting sequences, tokens still to prefill, predicted tokens still to
        decode, context tokens in the cache, share of KV blocks in use.
        """
        out = np.empty((6, self.size))
        kernel.observe(self._arrays, out)
        return out

    def take_finished(self) -> list[Sequence]:
        """Return what ended since the last call, brought up to date, in order of `ended`."""
        a = self._arrays
        numbers = a.log[self._taken : a.logged[0]]
        self._taken = int(a.logged[0])
        ended = [self._up_to_date(int(number)) for number in numbers]
        return sorted(ended, key=lambda sequence: (sequence.ended or 0.0, sequence.request_id))

    def _apply_faults(self, now: float) -> None:
        a = self._arrays
        while self._faults and self._faults[0].at <= now:
            event = self._faults.popleft()
            kernel.apply_fault(a, event.instance, _KINDS[event.kind], event.value, event.at)

    def _up_to_date(self, number: int) -> Sequence:
        a, sequence = self._arrays, self._sequences[number]
        sequence.computed = int(a.computed[number])
        sequence.generated = int(a.generated[number])
        sequence.preemptions = int(a.preempted[number])
        sequence.first_token = _known(a.first_token[number])
        sequence.done = _known(a.done[number])
        sequence.ended = _known(a.ended[number])
        sequence.status = _STATUS[a.status[number]]
        return sequence


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
