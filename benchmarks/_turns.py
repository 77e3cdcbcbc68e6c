"""Time by turns: every work once a round, so that all of them see the same weather."""

import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

__all__ = ["Work", "by_turns"]

Work = Callable[[list[int]], object]

_SECONDS = 20.0  # of one call; threads that wait for each other on a busy machine take minutes
_LEAST = 3  # rounds that are counted all the same


def by_turns(
    works: Mapping[str, Work], prompts: int, batch: int, rounds: int, rng: np.random.Generator
) -> dict[str, dict[str, Any]]:
    """Median, 95th percentile and least time in ms of every work on the same drawn batches.

    A first round is not counted. Rounds end early after 20 s, so "rounds" says how many there were.

    Args:
        works: each does a batch of prompts, given by row.
        prompts: how many there are to draw from.
        batch: rows at a time.
        rounds: that are counted, at most.
        rng: draws the rows.
    """
    taken: dict[str, list[float]] = {name: [] for name in works}
    began = time.perf_counter()
    for turn in range(rounds + 1):
        if turn > _LEAST and time.perf_counter() - began > _SECONDS:
            break
        rows = [int(row) for row in rng.choice(prompts, batch, replace=False)]
        for name, work in works.items():
            start = time.perf_counter()
            work(rows)
            if turn:
                taken[name].append(1e3 * (time.perf_counter() - start))
    return {
        name: {
            "p50_ms": round(float(np.percentile(times, 50)), 4),
            "p95_ms": round(float(np.percentile(times, 95)), 4),
            "least_ms": round(min(times), 4),
            "rounds": len(times),
        }
        for name, times in taken.items()
    }
