"""What the router believes about every instance: telemetry plus its own dead reckoning."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["FleetState", "Ledger"]

Floats = NDArray[np.float64]


@dataclass(slots=True)
class FleetState:
    """Believed state of I instances, one array of shape (I,) per quantity.

    Counts of sequences, tokens still to prefill, predicted tokens still to decode, context tokens
    in the cache, and the share of KV blocks in use.
    """

    running: Floats
    waiting: Floats
    pending_prefill: Floats
    pending_decode: Floats
    context: Floats
    kv_utilisation: Floats

    @classmethod
    def of(cls, observed: Floats) -> "FleetState":
        """Take the state from what was observed, (6, I), rows in the order of the fields."""
        return cls(*(row.copy() for row in observed))

    @property
    def queue(self) -> Floats:
        """Sequences on each instance, running or waiting; (I,)."""
        return self.running + self.waiting

    def add(self, instance: int, prompt_tokens: float, predicted_tokens: float) -> None:
        """Count one request as waiting on an instance."""
        self.waiting[instance] += 1
        self.pending_prefill[instance] += prompt_tokens
        self.pending_decode[instance] += predicted_tokens


@dataclass(frozen=True, slots=True)
class _Dispatch:
    at: float
    instance: int
    prompt_tokens: float
    predicted_tokens: float


class Ledger:
    """Keeps dispatches that the last telemetry could not have seen, across batches.

    The published system forgets them at every batch boundary and so herds; here a dispatch counts
    until a snapshot that is younger than its arrival on the instance has been read.
    """

    def __init__(self) -> None:
        self._unseen: list[_Dispatch] = []

    def record(self, at: float, instance: int, prompt_tokens: float, predicted: float) -> None:
        """Note a request that reaches the instance at time `at`, seconds."""
        self._unseen.append(_Dispatch(at, instance, prompt_tokens, predicted))

    def view(self, observed: Floats, taken: float) -> FleetState:
        """Merge what was observed at one time, (6, I), with everything dispatched since."""
        self._unseen = [dispatch for dispatch in self._unseen if dispatch.at > taken]
        state = FleetState.of(observed)
        for dispatch in self._unseen:
            state.add(dispatch.instance, dispatch.prompt_tokens, dispatch.predicted_tokens)
        return state
