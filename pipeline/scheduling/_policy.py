"""A policy: order, filter, router, dispatcher and latency source, applied to one batch."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.fleet import Fleet
from pipeline.predictors import RatioBounds
from pipeline.scheduling._batch import Batch
from pipeline.scheduling._dispatchers import Dispatcher
from pipeline.scheduling._estimates import Estimates
from pipeline.scheduling._filter import Passed
from pipeline.scheduling._gate import Gate
from pipeline.scheduling._latency import LatencySource, Pairs, Times
from pipeline.scheduling._order import decision_order
from pipeline.scheduling._routers import Router, Seen
from pipeline.scheduling._score import Terms
from pipeline.scheduling._state import FleetState
from pipeline.scheduling._trace import Trace

__all__ = ["Assignment", "Policy"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Assignment:
    """Where one request goes, and what the policy believed when it said so.

    Times are seconds from dispatch; a belief the policy does not hold is None. `row` is the
    request's row of the estimates and `position` its place in the batch. `instance` is None where
    nobody could meet its objectives and the policy refuses it. `relaxations` is how often the
    filter had to give way, None without a filter. `terms` are the quality, latency, cost and
    balance parts of the winning score.
    """

    position: int
    row: int
    instance: int | None
    predicted_tokens: float
    ttft: tuple[float, float, float] | None
    tpot: tuple[float, float, float] | None
    e2e: float | None
    terms: tuple[float | None, float | None, float | None, float | None]
    relaxations: int | None


_NO_TERMS = (None, None, None, None)


class Policy:
    """Assigns batches one request after another, with the state kept up to date in between.

    Args:
        fleet: the instances.
        router: values instances.
        dispatcher: picks among the best.
        latency: predicts times; None when the arm looks at no latency.
        gate: who may serve a request.
        order: key of `decision_order`.
        charges_longest: the published rule: a request adds the length of its longest answer to
            the state, and not that of the model it goes to.
    """

    def __init__(
        self,
        fleet: Fleet,
        router: Router,
        dispatcher: Dispatcher,
        latency: LatencySource | None,
        gate: Gate,
        *,
        order: str = "max",
        charges_longest: bool = False,
    ) -> None:
        self._models = np.array(fleet.model_index)
        self._everywhere = np.arange(len(fleet.names))
        self._router, self._dispatcher, self._latency = router, dispatcher, latency
        self._gate, self._order, self._charges_longest = gate, order, charges_longest

    def assign(
        self,
        batch: Batch,
        estimates: Estimates,
        state: FleetState,
        traces: dict[int, Trace | None] | None = None,
    ) -> list[Assignment]:
        """Assign a batch, and count it into `state`; the result is in the order of the batch.

        Only the instance that just got work is predicted anew for those still to come.

        Args:
            batch: the requests.
            estimates: beliefs about their prompts.
            state: of the fleet; changed.
            traces: filled with why, for the positions that are its keys.
        """
        rows = batch.rows
        lengths = estimates.length.mean[rows]
        order = decision_order(lengths, self._order)
        longest = lengths.max(axis=1)
        times = self._predict_all(order, batch, estimates, longest, state)
        assignments = []
        for place, position in enumerate(order):
            here = None if times is None else _at_place(times, place)
            told = self._decide(int(position), batch, estimates, state, here, traces)
            assignments.append(told)
            if told.instance is None:
                continue
            row = rows[position]
            state.add(told.instance, float(estimates.prompt_tokens[row]), told.predicted_tokens)
            if times is not None and place + 1 < len(order):
                later = order[place + 1 :]
                self._predict_again(times, later, longest[later], told, batch, estimates, state)
        return sorted(assignments, key=lambda assignment: assignment.position)

    def _decide(
        self,
        position: int,
        batch: Batch,
        estimates: Estimates,
        state: FleetState,
        times: Times | None,
        traces: dict[int, Trace | None] | None,
    ) -> Assignment:
        row = batch.rows[position]
        passed = self._gate.passed(position, row, batch, estimates, state, times)
        e2e = None if times is None else times.e2e
        lengths = estimates.length.mean[row]
        if not passed.allowed.any():
            expected = float(lengths.max())
            relaxed = passed.relaxations
            return Assignment(position, row, None, expected, None, None, None, _NO_TERMS, relaxed)
        terms = self._router.value(estimates, row, Seen(e2e, state, passed.allowed))
        total = np.where(passed.allowed, terms.total, -np.inf)
        # A router may hold none of the allowed ones worth anything: then any of them will do.
        candidates = np.flatnonzero((total == total.max()) & passed.allowed)
        chosen = self._dispatcher.pick(candidates, state, e2e)
        if traces is not None and position in traces:
            traces[position] = Trace.of(chosen, passed, terms, total, times, state)
        charged = lengths.max() if self._charges_longest else lengths[self._models[chosen]]
        return self._note(position, row, chosen, float(charged), times, terms, passed)

    def _note(
        self,
        position: int,
        row: int,
        chosen: int,
        charged: float,
        times: Times | None,
        terms: Terms,
        passed: Passed,
    ) -> Assignment:
        parts = (
            _at(terms.quality, chosen),
            _at(terms.latency, chosen),
            _at(terms.cost, chosen),
            _at(terms.balance, chosen),
        )
        ttft = tpot = e2e = None
        if times is not None and self._latency is not None:
            bounds = self._latency.residuals(chosen)
            first, token = (None, None) if bounds is None else bounds
            ttft = _bounded(times.ttft[chosen], first)
            tpot = _bounded(times.tpot[chosen], token)
            e2e = float(times.e2e[chosen])
        relaxed = passed.relaxations if self._gate.filters else None
        return Assignment(position, row, chosen, charged, ttft, tpot, e2e, parts, relaxed)

    def _predict_all(
        self,
        order: NDArray[np.int64],
        batch: Batch,
        estimates: Estimates,
        longest: Floats,
        state: FleetState,
    ) -> Times | None:
        """Times of every request, in the order of decision, on every instance; (n, I) each."""
        if self._latency is None:
            return None
        rows, size = [batch.rows[i] for i in order], len(self._everywhere)
        pairs = Pairs(
            np.tile(self._everywhere, len(rows)),
            np.repeat(estimates.prompt_tokens[rows], size),
            estimates.length.mean[rows][:, self._models].ravel(),
            np.repeat(longest[order], size),
        )
        told = self._latency.predict(state, pairs)
        shape = (len(rows), size)
        return Times(told.ttft.reshape(shape), told.tpot.reshape(shape), told.e2e.reshape(shape))

    def _predict_again(
        self,
        times: Times,
        later: NDArray[np.int64],
        longest: Floats,
        last: Assignment,
        batch: Batch,
        estimates: Estimates,
        state: FleetState,
    ) -> None:
        """Renew the times of the `later` positions on the instance that just got work."""
        assert self._latency is not None
        assert last.instance is not None
        rows, chosen = [batch.rows[i] for i in later], last.instance
        pairs = Pairs(
            np.full(len(rows), chosen),
            estimates.prompt_tokens[rows],
            estimates.length.mean[rows, self._models[chosen]],
            longest,
        )
        told = self._latency.predict(state, pairs)
        for kept, new in ((times.ttft, told.ttft), (times.tpot, told.tpot), (times.e2e, told.e2e)):
            kept[-len(rows) :, chosen] = new


def _at_place(times: Times, place: int) -> Times:
    return Times(times.ttft[place], times.tpot[place], times.e2e[place])


def _at(part: Floats | None, instance: int) -> float | None:
    return None if part is None else float(part[instance])


def _bounded(value: float, ratio: RatioBounds | None) -> tuple[float, float, float]:
    if ratio is None:
        return float(value), np.nan, np.nan
    return float(value), float(value * ratio.low), float(value * ratio.high)
