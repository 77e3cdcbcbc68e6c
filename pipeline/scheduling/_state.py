"""What the router believes about every instance at one moment."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["QUANTITIES", "FleetState"]

Floats = NDArray[np.float64]

# Rows of every (6, I) array of state, in the engine's order.
QUANTITIES = (
    "running",
    "waiting",
    "pending_prefill",
    "pending_decode",
    "context",
    "kv_utilisation",
)


@dataclass(slots=True)
class FleetState:
    """Believed state of I instances, one array of shape (I,) per quantity.

    Counts of sequences, tokens still to prefill, predicted tokens still to decode, context tokens
    in the cache, and the share of KV blocks in use. `age` is the age of the last telemetry, s; it
    is infinite for an instance that never answered.
    """

    running: Floats
    waiting: Floats
    pending_prefill: Floats
    pending_decode: Floats
    context: Floats
    kv_utilisation: Floats
    age: Floats

    @classmethod
    def of(cls, values: Floats, age: Floats | None = None) -> "FleetState":
        """Take the state from (6, I) values, rows in the order of `QUANTITIES`; they are copied."""
        heard = np.zeros(values.shape[1]) if age is None else age
        rows = list(values.copy())
        return cls(rows[0], rows[1], rows[2], rows[3], rows[4], rows[5], heard)

    @property
    def queue(self) -> Floats:
        """Sequences on each instance, running or waiting; (I,)."""
        return self.running + self.waiting

    def add(self, instance: int, prompt_tokens: float, predicted_tokens: float) -> None:
        """Count one request as waiting on an instance."""
        self.waiting[instance] += 1
        self.pending_prefill[instance] += prompt_tokens
        self.pending_decode[instance] += predicted_tokens
