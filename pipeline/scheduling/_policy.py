"""A policy: router, dispatcher and latency source put together, applied to one batch."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.fleet import Fleet
from pipeline.params import ArmParams, ScaleParams, WeightParams
from pipeline.predictors import LatencyModel, compose_e2e
from pipeline.scheduling._dispatchers import (
    Dispatcher,
    LeastPredicted,
    RandomPick,
    RoundRobin,
    ShortestQueue,
)
from pipeline.scheduling._estimates import (
    Estimates,
    LatencySource,
    LearnedLatency,
    StaticLatency,
)
from pipeline.scheduling._routers import (
    ByDatasetOracle,
    ByKnnQuality,
    ByQueryOracle,
    ByRandomModel,
    BySingleModel,
    ByWeights,
    Passthrough,
    Router,
    Value,
)
from pipeline.scheduling._state import FleetState

__all__ = ["Assignment", "Policy", "make_policy"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Assignment:
    """Where one request goes, and what the policy believed when it said so.

    Times are seconds from dispatch; a belief the policy does not hold is None. `row` is the
    request's row of the estimates and `position` its place in the batch.
    """

    position: int
    row: int
    instance: int
    predicted_tokens: float
    ttft: tuple[float, float, float] | None
    tpot: tuple[float, float, float] | None
    terms: tuple[float | None, float | None, float | None]


class Policy:
    """Assigns batches: longest expected output first, one after another, state kept up to date.

    Args:
        fleet: the instances.
        router: values instances.
        dispatcher: picks among the best.
        latency: predicts TTFT and TPOT; None when the arm looks at no latency.
        reads_prompt: whether it embeds the prompt.
    """

    def __init__(
        self,
        fleet: Fleet,
        router: Router,
        dispatcher: Dispatcher,
        latency: LatencySource | None,
        *,
        reads_prompt: bool,
    ) -> None:
        self.reads_prompt = reads_prompt
        self._models = np.array(fleet.model_index)
        self._everywhere = np.arange(len(fleet.names))
        self._router, self._dispatcher, self._latency = router, dispatcher, latency

    def assign(self, rows: list[int], estimates: Estimates, state: FleetState) -> list[Assignment]:
        """Assign a batch, given as rows of the estimates, and count it into `state`.

        The order is longest expected output over all models first (LPT), ties in order of arrival,
        because a long request placed late has nowhere good left to go. Only the instance that
        just got work is predicted anew for those still to come.
        """
        lengths = estimates.length.mean[rows].max(axis=1)
        order = np.argsort(-lengths, kind="stable")
        ttft, tpot = self._predict_all([rows[i] for i in order], estimates, state)
        assignments = []
        for place, position in enumerate(order):
            row = rows[position]
            per_instance = estimates.length.mean[row][self._models]
            e2e = None if ttft is None else compose_e2e(ttft[place], tpot[place], per_instance)
            value = self._router.value(estimates, row, e2e)
            candidates = np.flatnonzero(value.total == value.total.max())
            chosen = self._dispatcher.pick(candidates, state, e2e)
            expected = float(per_instance[chosen])
            times = None if ttft is None else (ttft[place, chosen], tpot[place, chosen])
            assignments.append(self._note(int(position), row, chosen, expected, times, value))
            state.add(chosen, float(estimates.prompt_tokens[row]), expected)
            later = [rows[i] for i in order[place + 1 :]]
            if ttft is not None and later:
                again = self._predict_again(later, chosen, estimates, state)
                ttft[place + 1 :, chosen], tpot[place + 1 :, chosen] = again
        return sorted(assignments, key=lambda assignment: assignment.position)

    def _predict_all(
        self, rows: list[int], estimates: Estimates, state: FleetState
    ) -> tuple[Floats | None, Floats]:
        shape = (len(rows), len(self._everywhere))
        if self._latency is None:
            return None, np.empty(shape)
        ttft, tpot = self._latency.predict(
            state,
            np.tile(self._everywhere, len(rows)),
            np.repeat(estimates.prompt_tokens[rows], len(self._everywhere)),
            estimates.length.mean[rows][:, self._models].ravel(),
        )
        return ttft.reshape(shape), tpot.reshape(shape)

    def _predict_again(
        self, rows: list[int], chosen: int, estimates: Estimates, state: FleetState
    ) -> tuple[Floats, Floats]:
        assert self._latency is not None
        return self._latency.predict(
            state,
            np.full(len(rows), chosen),
            estimates.prompt_tokens[rows],
            estimates.length.mean[rows, self._models[chosen]],
        )

    def _note(
        self,
        position: int,
        row: int,
        chosen: int,
        expected: float,
        times: tuple[float, float] | None,
        value: Value,
    ) -> Assignment:
        terms = _at(value.quality, chosen), _at(value.latency, chosen), _at(value.cost, chosen)
        ttft = tpot = None
        if times is not None and self._latency is not None:
            first_low, first_high, token_low, token_high = self._latency.bounds(chosen)
            ttft = (float(times[0]), times[0] * first_low, times[0] * first_high)
            tpot = (float(times[1]), times[1] * token_low, times[1] * token_high)
        return Assignment(position, row, chosen, expected, ttft, tpot, terms)


def make_policy(
    arm: ArmParams,
    fleet: Fleet,
    weights: dict[str, WeightParams],
    scales: ScaleParams,
    latency_model: LatencyModel | None,
    best_single: str,
    rng: np.random.Generator,
) -> Policy:
    """Build the policy that an arm declares.

    Args:
        arm: its declaration.
        fleet: the instances.
        weights: weight presets by name.
        scales: units of the score.
        latency_model: trained heads, needed by arms with latency "learned".
        best_single: the model that "best" stands for, chosen on the validation split.
        rng: stream of the arm's own random choices.
    """
    models = np.array(fleet.model_index)
    router = _router(arm, fleet, models, weights, scales, best_single, rng)
    dispatcher = _dispatcher(arm.dispatcher, rng)
    latency: LatencySource | None = None
    if arm.latency == "static":
        latency = StaticLatency(fleet)
    elif arm.latency == "learned":
        if latency_model is None:
            raise ValueError("an arm with learned latency needs the latency model")
        latency = LearnedLatency(fleet, latency_model)
    return Policy(fleet, router, dispatcher, latency, reads_prompt=arm.reads_prompt)


def _router(
    arm: ArmParams,
    fleet: Fleet,
    models: NDArray[np.int64],
    weights: dict[str, WeightParams],
    scales: ScaleParams,
    best_single: str,
    rng: np.random.Generator,
) -> Router:
    if arm.router in ("fused", "weighted"):
        assert arm.weights is not None
        return ByWeights(weights[arm.weights], scales, models)
    if arm.router == "single":
        name = best_single if arm.model == "best" else arm.model
        return BySingleModel(fleet.params.models.index(str(name)), models)
    if arm.router == "random_model":
        return ByRandomModel(models, rng)
    if arm.router == "passthrough":
        return Passthrough(len(fleet.names))
    if arm.router == "knn_quality":
        return ByKnnQuality(models)
    return ByDatasetOracle(models) if arm.router == "dataset_oracle" else ByQueryOracle(models)


def _dispatcher(name: str, rng: np.random.Generator) -> Dispatcher:
    if name == "random":
        return RandomPick(rng)
    if name == "round_robin":
        return RoundRobin()
    return ShortestQueue() if name == "shortest_queue" else LeastPredicted()


def _at(term: Floats | None, instance: int) -> float | None:
    return None if term is None else float(term[instance])
