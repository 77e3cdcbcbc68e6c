"""Routers: what each instance is worth to a request.

A router returns one value per instance, (I,). The dispatcher then picks among the instances whose
value is the highest, exactly: routers that choose a model give equal values to its instances, and
leave the choice between them open; the fused router values instances one by one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pipeline.fleet import Fleet
from pipeline.params import ArmParams, ScaleParams, WeightParams
from pipeline.scheduling._estimates import Estimates
from pipeline.scheduling._score import Terms, fixed_terms, reference_terms, utilisation
from pipeline.scheduling._state import FleetState

__all__ = ["Router", "Seen", "make_router"]

Floats = NDArray[np.float64]
Index = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Seen:
    """What a router sees of the fleet when it values instances for one request.

    Attributes:
        e2e: predicted E2E, (I,) s; None without a latency source.
        state: of the fleet.
        allowed: who may be chosen, (I,); at least one is.
    """

    e2e: Floats | None
    state: FleetState
    allowed: NDArray[np.bool_]


class Router(Protocol):
    """Values instances for request `row` of the estimates."""

    def value(self, estimates: Estimates, row: int, seen: Seen) -> Terms: ...


class ByWeights:
    """The weighted score, on fixed scales or as published.

    Without a latency term the values of all instances of a model are equal: the decoupled arms.
    """

    def __init__(
        self,
        weights: WeightParams,
        scales: ScaleParams,
        models: Index,
        kv_tokens: Floats,
        *,
        prices_latency: bool,
        as_published: bool,
    ) -> None:
        self._weights, self._scales = weights, scales
        self._models, self._kv_tokens = models, kv_tokens
        self._prices_latency, self._as_published = prices_latency, as_published

    def value(self, estimates: Estimates, row: int, seen: Seen) -> Terms:
        quality = estimates.quality.mean[row][self._models]
        cost = estimates.cost[row][self._models]
        e2e = seen.e2e if self._prices_latency else None
        balance = self._balance(estimates, row, seen) if self._weights.balance > 0 else None
        if self._as_published:
            return reference_terms(quality, cost, e2e, balance, self._weights, seen.allowed)
        return fixed_terms(quality, cost, e2e, balance, self._weights, self._scales)

    def _balance(self, estimates: Estimates, row: int, seen: Seen) -> Floats:
        lengths = estimates.length.mean[row][self._models]
        prompt = float(estimates.prompt_tokens[row])
        return utilisation(seen.state.kv_utilisation, prompt, lengths, self._kv_tokens)


class ByKnnQuality:
    """The model with the highest predicted quality, whatever it costs."""

    def __init__(self, models: Index) -> None:
        self._models = models

    def value(self, estimates: Estimates, row: int, seen: Seen) -> Terms:
        return Terms(estimates.quality.mean[row][self._models])


class CheapestAboveFloor:
    """The cheapest model whose predicted quality reaches the floor; the best where none does."""

    def __init__(self, floor: float, models: Index) -> None:
        self._floor, self._models = floor, models

    def value(self, estimates: Estimates, row: int, seen: Seen) -> Terms:
        quality, cost = estimates.quality.mean[row], estimates.cost[row]
        enough = quality >= self._floor
        if not enough.any():
            return Terms(quality[self._models])
        return Terms(np.where(enough, -cost, -np.inf)[self._models])


class ByWorth:
    """The model that a learned router (pipeline.scheduling.baselines) puts first."""

    def __init__(self, models: Index) -> None:
        self._models = models

    def value(self, estimates: Estimates, row: int, seen: Seen) -> Terms:
        if estimates.worth is None:
            raise ValueError("a learned router needs the worth that it gives to each model")
        return Terms(estimates.worth[row][self._models])


class ByQueryOracle:
    """The model whose true label is highest, the cheaper one among equals; an upper bound."""

    def __init__(self, models: Index) -> None:
        self._models = models

    def value(self, estimates: Estimates, row: int, seen: Seen) -> Terms:
        labels = np.nan_to_num(estimates.oracle_quality[row], nan=-1.0)
        best = np.flatnonzero(labels == labels.max())
        cheapest = best[np.argmin(estimates.cost[row][best])]
        return Terms((self._models == cheapest).astype(np.float64))


class ByDatasetOracle:
    """The model that was best on this dataset's validation prompts."""

    def __init__(self, models: Index) -> None:
        self._models = models

    def value(self, estimates: Estimates, row: int, seen: Seen) -> Terms:
        best = int(np.argmax(estimates.dataset_quality[row]))
        return Terms((self._models == best).astype(np.float64))


class BySingleModel:
    """Always the same model."""

    def __init__(self, model: int, models: Index) -> None:
        self._total = (models == model).astype(np.float64)

    def value(self, estimates: Estimates, row: int, seen: Seen) -> Terms:
        return Terms(self._total)


class ByRandomModel:
    """A model drawn uniformly for every request."""

    def __init__(self, models: Index, rng: np.random.Generator) -> None:
        self._models, self._rng = models, rng
        self._count = int(models.max()) + 1

    def value(self, estimates: Estimates, row: int, seen: Seen) -> Terms:
        return Terms((self._models == self._rng.integers(self._count)).astype(np.float64))


class Passthrough:
    """No model choice: every instance is worth the same."""

    def __init__(self, instances: int) -> None:
        self._total = np.zeros(instances)

    def value(self, estimates: Estimates, row: int, seen: Seen) -> Terms:
        return Terms(self._total)


def make_router(
    arm: ArmParams,
    fleet: Fleet,
    weights: dict[str, WeightParams],
    scales: ScaleParams,
    best_single: str,
    rng: np.random.Generator,
) -> Router:
    """Build the router that an arm names; `rng` is the arm's own stream."""
    models = np.array(fleet.model_index)
    if arm.weights is not None:
        cache = np.array([fleet.params.tiers[tier].kv_tokens for tier in fleet.tiers], float)
        return ByWeights(
            weights[arm.weights],
            scales,
            models,
            cache,
            prices_latency=arm.router == "fused",
            as_published=arm.normalisation == "reference",
        )
    if arm.router == "single":
        name = best_single if arm.model == "best" else arm.model
        return BySingleModel(fleet.params.models.index(str(name)), models)
    if arm.floor is not None:
        return CheapestAboveFloor(arm.floor, models)
    if arm.router == "passthrough":
        return Passthrough(len(models))
    if arm.router == "random_model":
        return ByRandomModel(models, rng)
    by_model: dict[str, Callable[[Index], Router]] = {
        "knn_quality": ByKnnQuality,
        "dataset_oracle": ByDatasetOracle,
        "query_oracle": ByQueryOracle,
    }
    return by_model.get(arm.router, ByWorth)(models)
