"""Dispatchers: which of the equally worthy instances gets the request."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pipeline.scheduling._state import FleetState

__all__ = ["Dispatcher", "LeastPredicted", "RandomPick", "RoundRobin", "ShortestQueue"]

Floats = NDArray[np.float64]


class Dispatcher(Protocol):
    """Picks one of `candidates`, ascending instance numbers, never empty."""

    def pick(self, candidates: NDArray[np.int64], state: FleetState, e2e: Floats | None) -> int: ...


class ShortestQueue:
    """Fewest sequences running or waiting; the lowest number among equals."""

    def pick(self, candidates: NDArray[np.int64], state: FleetState, e2e: Floats | None) -> int:
        return int(candidates[np.argmin(state.queue[candidates])])


class LeastPredicted:
    """Lowest predicted E2E; the lowest number among equals."""

    def pick(self, candidates: NDArray[np.int64], state: FleetState, e2e: Floats | None) -> int:
        if e2e is None:
            raise ValueError("this dispatcher needs a latency source")
        return int(candidates[np.argmin(e2e[candidates])])


class RoundRobin:
    """The next instance in turn among those that may be chosen."""

    def __init__(self) -> None:
        self._last = -1

    def pick(self, candidates: NDArray[np.int64], state: FleetState, e2e: Floats | None) -> int:
        later = candidates[candidates > self._last]
        self._last = int(later[0] if len(later) else candidates[0])
        return self._last


class RandomPick:
    """Any of them, with equal chances."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng

    def pick(self, candidates: NDArray[np.int64], state: FleetState, e2e: Floats | None) -> int:
        return int(self._rng.choice(candidates))
