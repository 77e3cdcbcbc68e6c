"""Who may serve a request: instances that answer, and those that keep its objectives."""

import numpy as np
from numpy.typing import NDArray

from pipeline.fleet import Fleet
from pipeline.params import FilterParams
from pipeline.predictors import Distribution
from pipeline.scheduling._batch import Batch
from pipeline.scheduling._estimates import Estimates
from pipeline.scheduling._filter import Passed, relax
from pipeline.scheduling._latency import LatencySource, Times, within
from pipeline.scheduling._state import FleetState

__all__ = ["Gate"]

Floats = NDArray[np.float64]


class Gate:
    """Eviction of instances nobody hears of, and the filter of an arm.

    Args:
        fleet: the instances.
        params: the filter; None lets every instance pass that answers.
        latency: whose predictions the filter trusts; None keeps no limit of time.
        evict_after_s: age of the telemetry at which an instance gets nothing any more. Where all
            are that old, nobody is evicted: refusing everything would be worse.
    """

    def __init__(
        self,
        fleet: Fleet,
        params: FilterParams | None,
        latency: LatencySource | None,
        evict_after_s: float = np.inf,
    ) -> None:
        self.filters = params is not None
        self._params, self._latency, self._evict_after = params, latency, evict_after_s
        self._models = np.array(fleet.model_index)
        self._everywhere = np.arange(len(fleet.names))
        tiers = [fleet.params.tiers[tier] for tier in fleet.params.tiers]
        self._price_in = np.array([tier.price_in for tier in tiers]) * 1e-6
        self._price_out = np.array([tier.price_out for tier in tiers]) * 1e-6

    def passed(
        self,
        position: int,
        row: int,
        batch: Batch,
        estimates: Estimates,
        state: FleetState,
        times: Times | None,
    ) -> Passed:
        """Return who may serve the request at `position` of the batch; `times` are (I,)."""
        alive = self._alive(position, batch, state)
        if self._params is None:
            return Passed(alive, 0)
        certainty = self.certainty(position, row, batch, estimates, times)
        floor = float(batch.objectives.quality_floor[position])
        # Nobody relaxes his way to an instance that does not answer.
        told = relax(np.where(alive, certainty, -np.inf), floor, self._params)
        return Passed(told.allowed & alive, told.relaxations)

    def _alive(self, position: int, batch: Batch, state: FleetState) -> NDArray[np.bool_]:
        """Instances that are open to the request and heard of, or else all that are open to it."""
        allowed = (
            np.ones(len(state.age), dtype=bool) if batch.open is None else batch.open[position]
        )
        heard = allowed & (state.age <= self._evict_after)
        return heard if heard.any() else allowed

    def certainty(
        self, position: int, row: int, batch: Batch, estimates: Estimates, times: Times | None
    ) -> Floats:
        """Probabilities of keeping each constraint, and the quality, as `relax` takes them."""
        asked, size = batch.objectives, len(self._everywhere)
        out = np.ones((4, size))
        if times is not None and self._latency is not None:
            left = np.full(size, asked.ttft_s[position] - batch.waited[position])
            each = np.full(size, asked.tpot_s[position])
            out[0] = within(self._latency, 0, self._everywhere, times.ttft, left)
            out[1] = within(self._latency, 1, self._everywhere, times.tpot, each)
        budget = asked.budget_usd[position]
        if np.isfinite(budget):
            out[2] = self._affords(float(budget), row, estimates)[self._models]
        out[3] = estimates.quality.mean[row][self._models]
        return out

    def _affords(self, budget: float, row: int, estimates: Estimates) -> Floats:
        """P(cost <= budget) by model, (M,): the answer is no longer than what is left affords."""
        left = budget - estimates.prompt_tokens[row] * self._price_in
        # Free output costs nothing however long it is.
        tokens = left / np.maximum(self._price_out, 1e-300)
        told = Distribution(estimates.length.distribution.values[[row]])
        sure: Floats = told.probability(tokens[None])[0]
        return sure
