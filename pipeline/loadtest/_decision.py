"""One request as the router handled it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.fleet import Sequence
from pipeline.scheduling import Assignment

__all__ = ["Believed", "Decision"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Believed:
    """State of the instances when a batch was decided, as believed and, where known, as it was.

    Sequences, predicted tokens to come, and the age of the telemetry in s; (I,) each. None: on a
    wall clock nobody knows.
    """

    queue: Floats
    pending_decode: Floats
    true_queue: Floats | None
    true_pending_decode: Floats | None
    age: Floats


@dataclass(frozen=True, slots=True)
class Decision:
    """A request and its fate; times in seconds.

    `started` is when its batch closed. `sequence` is None where it was refused. `cut` says that
    its budget ended the answer. `issued` is when a client sent it, None in a simulation. `failure`
    says why an instance did not serve it.
    """

    request: int
    scheduled: float
    started: float
    decided: float
    batch_size: int
    assignment: Assignment
    sequence: Sequence | None
    cut: bool
    believed: Believed
    issued: float | None = None
    failure: str | None = None
