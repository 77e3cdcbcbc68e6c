"""Telemetry of a simulated fleet: read now and then, late, and not always."""

from collections import deque
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from pipeline.fleet import VirtualFleet
from pipeline.params import TelemetryParams

__all__ = ["Polls"]

Floats = NDArray[np.float64]
_PENDING = slice(2, 4)  # rows of the state that vLLM's /metrics does not tell


class Polls:
    """Readings of all instances, taken every period from time 0.

    Args:
        params: how often, how late, how surely, and what is told.
        engines: whose state it is.
        rng: stream of the losses.
    """

    def __init__(
        self, params: TelemetryParams, engines: VirtualFleet, rng: np.random.Generator
    ) -> None:
        self._params, self._engines, self._rng = params, engines, rng
        self._on_the_way: deque[tuple[float, Floats]] = deque()
        self._count = 0
        self.busy_share = 0.0

    def due(self, now: float) -> float:
        """Time of the next reading up to `now`; inf if none is due. Period 0 reads at `now`."""
        period = self._params.period_s
        at = now if period == 0 else self._count * period
        return at if at <= now else np.inf

    def take(self, at: float) -> None:
        """Read the engines, which stand at time `at`."""
        observed = self._engines.observe()
        if self._params.surface == "vllm":
            observed[_PENDING] = np.nan
        lost = ~self._engines.up
        if self._params.loss > 0:
            lost |= self._rng.random(lost.size) < self._params.loss
        observed[:, lost] = np.nan
        self._on_the_way.append((at, observed))
        self._count += 1

    def arrived(self, now: float) -> Iterator[tuple[Floats, Floats]]:
        """Yield what has come by `now`, in order: values (6, I), NaN untold, and times (I,).

        `busy_share` is then the share of instances that said somebody waits there; one that did
        not answer counts as not busy, as published.
        """
        while self._on_the_way and self._on_the_way[0][0] + self._params.delay_s <= now:
            at, observed = self._on_the_way.popleft()
            self.busy_share = float((observed[1] > 0).mean())
            yield observed, np.full(observed.shape[1], at)
