"""Routers: what each instance is worth to a request.

A router returns one value per instance, (I,). The dispatcher then picks among the instances whose
value is the highest, exactly: routers that choose a model give equal values to its instances, and
leave the choice between them open; the fused router values instances one by one.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pipeline.params import ScaleParams, WeightParams
from pipeline.scheduling._estimates import Estimates

__all__ = [
    "ByDatasetOracle",
    "ByKnnQuality",
    "ByQueryOracle",
    "ByRandomModel",
    "BySingleModel",
    "ByWeights",
    "Passthrough",
    "Router",
    "Value",
]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Value:
    """Worth of each instance, (I,), and its three terms where the router has them."""

    total: Floats
    quality: Floats | None = None
    latency: Floats | None = None
    cost: Floats | None = None


class Router(Protocol):
    """Values instances for request `row` of the estimates; `e2e` is (I,) seconds or None."""

    def value(self, estimates: Estimates, row: int, e2e: Floats | None) -> Value: ...


class ByWeights:
    """Quality minus latency minus cost on fixed scales, weighted.

    value = w_q * q - w_l * E2E / latency_s - w_c * cost / cost_usd

    The scales are declared, so the weights say what a second or a cent is worth in quality, and
    an irrelevant bad instance changes no choice. With a latency weight of 0 the values of all
    instances of a model are equal: the decoupled arms.
    """

    def __init__(
        self, weights: WeightParams, scales: ScaleParams, model_index: NDArray[np.int64]
    ) -> None:
        self._weights, self._scales, self._models = weights, scales, model_index

    def value(self, estimates: Estimates, row: int, e2e: Floats | None) -> Value:
        quality = self._weights.quality * estimates.quality.mean[row][self._models]
        dollars = estimates.cost[row][self._models] / self._scales.cost_usd
        cost = -self._weights.cost * dollars
        if self._weights.latency == 0 or e2e is None:
            return Value(quality + cost, quality, None, cost)
        latency = -self._weights.latency * e2e / self._scales.latency_s
        return Value(quality + latency + cost, quality, latency, cost)


class ByKnnQuality:
    """The model with the highest predicted quality, whatever it costs."""

    def __init__(self, model_index: NDArray[np.int64]) -> None:
        self._models = model_index

    def value(self, estimates: Estimates, row: int, e2e: Floats | None) -> Value:
        return Value(estimates.quality.mean[row][self._models])


class ByQueryOracle:
    """The model whose true label is highest, the cheaper one among equals; an upper bound."""

    def __init__(self, model_index: NDArray[np.int64]) -> None:
        self._models = model_index

    def value(self, estimates: Estimates, row: int, e2e: Floats | None) -> Value:
        labels = np.nan_to_num(estimates.oracle_quality[row], nan=-1.0)
        best = np.flatnonzero(labels == labels.max())
        cheapest = best[np.argmin(estimates.cost[row][best])]
        return Value((self._models == cheapest).astype(np.float64))


class ByDatasetOracle:
    """The model that was best on this dataset's validation prompts."""

    def __init__(self, model_index: NDArray[np.int64]) -> None:
        self._models = model_index

    def value(self, estimates: Estimates, row: int, e2e: Floats | None) -> Value:
        best = int(np.argmax(estimates.dataset_quality[row]))
        return Value((self._models == best).astype(np.float64))


class BySingleModel:
    """Always the same model."""

    def __init__(self, model: int, model_index: NDArray[np.int64]) -> None:
        self._value = (model_index == model).astype(np.float64)

    def value(self, estimates: Estimates, row: int, e2e: Floats | None) -> Value:
        return Value(self._value)


class ByRandomModel:
    """A model drawn uniformly for every request."""

    def __init__(self, model_index: NDArray[np.int64], rng: np.random.Generator) -> None:
        self._models, self._rng = model_index, rng
        self._count = int(model_index.max()) + 1

    def value(self, estimates: Estimates, row: int, e2e: Floats | None) -> Value:
        return Value((self._models == self._rng.integers(self._count)).astype(np.float64))


class Passthrough:
    """No model choice: every instance is worth the same."""

    def __init__(self, instances: int) -> None:
        self._value = np.zeros(instances)

    def value(self, estimates: Estimates, row: int, e2e: Floats | None) -> Value:
        return Value(self._value)
