"""Dispatchers: which of the equally worthy instances gets the request."""

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pipeline.fleet import Fleet
from pipeline.scheduling._state import FleetState

__all__ = ["Dispatcher", "make_dispatcher"]

Floats = NDArray[np.float64]
Index = NDArray[np.int64]


class Dispatcher(Protocol):
    """Picks one of `candidates`, ascending instance numbers, never empty."""

    def pick(self, candidates: Index, state: FleetState, e2e: Floats | None) -> int: ...


class _Turns:
    """Who had the last turn: the tie-break of everybody who has one."""

    def __init__(self, instances: int) -> None:
        self._last = np.full(instances, -1)
        self._turn = 0

    def give(self, candidates: Index) -> int:
        """Return the least recently used candidate, the lowest number among equals; its turn."""
        chosen = int(candidates[np.argmin(self._last[candidates])])
        self._last[chosen] = self._turn
        self._turn += 1
        return chosen


class ShortestQueue:
    """Fewest sequences running or waiting; the least recently used among equals, as published."""

    def __init__(self, instances: int) -> None:
        self._turns = _Turns(instances)

    def pick(self, candidates: Index, state: FleetState, e2e: Floats | None) -> int:
        return self._turns.give(_least(candidates, state.queue[candidates]))


class LeastPredicted:
    """Lowest predicted E2E; the least recently used among equals."""

    def __init__(self, instances: int) -> None:
        self._turns = _Turns(instances)

    def pick(self, candidates: Index, state: FleetState, e2e: Floats | None) -> int:
        if e2e is None:
            raise ValueError("this dispatcher needs a latency source")
        return self._turns.give(_least(candidates, e2e[candidates]))


class RoundRobin:
    """Each in turn among those that may be chosen, whoever else had a turn in between."""

    def __init__(self, instances: int) -> None:
        self._turns = _Turns(instances)

    def pick(self, candidates: Index, state: FleetState, e2e: Floats | None) -> int:
        return self._turns.give(candidates)


class LlumnixMinus:
    """Most free cache per sequence there: the published rule, which migrates nothing.

    argmax of free tokens / max(running + waiting, 1).
    """

    def __init__(self, kv_tokens: Floats) -> None:
        self._kv_tokens, self._turns = kv_tokens, _Turns(len(kv_tokens))

    def pick(self, candidates: Index, state: FleetState, e2e: Floats | None) -> int:
        free = (1.0 - state.kv_utilisation[candidates]) * self._kv_tokens[candidates]
        freeness = free / np.maximum(state.queue[candidates], 1.0)
        return self._turns.give(_least(candidates, -freeness))


class RandomPick:
    """Any of them, with equal chances."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng

    def pick(self, candidates: Index, state: FleetState, e2e: Floats | None) -> int:
        return int(self._rng.choice(candidates))


class PowerOfTwo:
    """The shorter queue of two that are drawn without replacement."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng

    def pick(self, candidates: Index, state: FleetState, e2e: Floats | None) -> int:
        if len(candidates) == 1:
            return int(candidates[0])
        first, second = self._rng.choice(candidates, 2, replace=False)
        return int(second if state.queue[second] < state.queue[first] else first)


def make_dispatcher(name: str, fleet: Fleet, rng: np.random.Generator) -> Dispatcher:
    """Build the dispatcher of that name; `rng` is the arm's own stream."""
    instances = len(fleet.names)
    cache = np.array([fleet.params.tiers[tier].kv_tokens for tier in fleet.tiers], float)
    makers: dict[str, Callable[[], Dispatcher]] = {
        "shortest_queue": lambda: ShortestQueue(instances),
        "round_robin": lambda: RoundRobin(instances),
        "random": lambda: RandomPick(rng),
        "power_of_two": lambda: PowerOfTwo(rng),
        "llumnix_minus": lambda: LlumnixMinus(cache),
        "least_predicted_e2e": lambda: LeastPredicted(instances),
    }
    return makers[name]()


def _least(candidates: Index, keys: Floats) -> Index:
    least: Index = candidates[keys == keys.min()]
    return least
