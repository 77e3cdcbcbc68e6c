"""Avengers-Pro: clusters of prompts, and in each one how good and how dear every model is."""

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from pipeline.params import AvengersProParams
from pipeline.scheduling.baselines._base import (
    Arrays,
    Floats,
    Knob,
    LearnedRouter,
    RouterData,
    Vectors,
    cheaper_first,
)
from pipeline.scheduling.baselines._threads import one_thread

__all__ = ["AvengersPro"]

_PROMPTS_PER_CLUSTER = 10  # on average at least, so that a cluster's means say something


@dataclass(frozen=True)
class AvengersPro(LearnedRouter):
    """Trades performance for cost by cluster (arXiv 2508.12631).

    score = p_w * performance + (1 - p_w) * (1 - cost), both min-max normalised over the models
    inside a cluster. A prompt takes the scores of its `top_k` nearest clusters, weighted by
    softmax(beta * cosine).

    Attributes:
        centroids: (K, d) unit rows.
        performance: (K, M) in [0, 1].
        cost: (K, M) in [0, 1].
        order: (M,) models, the cheapest first.
        top_k: clusters that a prompt looks at.
        beta: sharpness of their weights.
    """

    name: ClassVar[str] = "avengers_pro"
    knob: ClassVar[Knob] = Knob("p_w", 0.5, (0.0, 0.25, 0.39, 0.53, 0.7, 0.8, 1.0))

    centroids: Floats
    performance: Floats
    cost: Floats
    order: NDArray[np.int64]
    top_k: int
    beta: float

    @classmethod
    def fit(
        cls, train: RouterData, validation: RouterData, params: AvengersProParams, seed: int
    ) -> Self:
        count = max(1, min(params.clusters, len(train.embeddings) // _PROMPTS_PER_CLUSTER))
        centroids, cluster = _clusters(train.embeddings, count, seed)
        return cls(
            centroids,
            _min_max(_means(train.quality, cluster, count)),
            _min_max(_means(train.cost, cluster, count)),
            train.order,
            params.top_k,
            params.beta,
        )

    def worth(self, embeddings: Vectors, **options: float) -> Floats:
        """Weighted cluster scores, in [0, 1]; option p_w is the weight of performance."""
        p_w = self.knob.read(options)
        score = p_w * self.performance + (1 - p_w) * (1 - self.cost)
        cosine = embeddings.astype(np.float64) @ self.centroids.T
        near = np.argsort(-cosine, axis=1, kind="stable")[:, : self.top_k]
        closeness = np.take_along_axis(cosine, near, axis=1)
        weight = np.exp(self.beta * (closeness - closeness.max(axis=1, keepdims=True)))
        weight /= weight.sum(axis=1, keepdims=True)
        return cheaper_first(np.einsum("nk,nkm->nm", weight, score[near]), self.order)

    def arrays(self) -> dict[str, NDArray[Any]]:
        return {name: np.asarray(value) for name, value in vars(self).items()}

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Self:
        learned: dict[str, Any] = dict(arrays)
        return cls(**learned | {"top_k": int(learned["top_k"]), "beta": float(learned["beta"])})


def _clusters(embeddings: Vectors, count: int, seed: int) -> tuple[Floats, NDArray[np.int64]]:
    """k-means: unit centroids (count, d) and the cluster of each row (N,)."""
    from sklearn.cluster import KMeans

    with one_thread():
        found = KMeans(count, n_init=4, random_state=seed).fit(embeddings.astype(np.float64))
    centroids = found.cluster_centers_
    length = np.linalg.norm(centroids, axis=1, keepdims=True)
    return centroids / np.maximum(length, 1e-12), found.labels_.astype(np.int64)


def _means(values: Floats, cluster: NDArray[np.int64], count: int) -> Floats:
    """Mean of the known values per cluster and model, (count, M).

    A cluster that knows nothing of a model takes that model's mean over all prompts.
    """
    members = (cluster == np.arange(count)[:, None]).astype(np.float64)
    known = ~np.isnan(values)
    number = members @ known.astype(np.float64)
    total = members @ np.where(known, values, 0.0)
    overall = np.nanmean(values, axis=0)
    means: Floats = np.where(number > 0, total / np.maximum(number, 1.0), overall)
    return means


def _min_max(values: Floats) -> Floats:
    """Scale each row to [0, 1]; a row of equal values becomes zeros, which moves no choice."""
    low, high = values.min(axis=1, keepdims=True), values.max(axis=1, keepdims=True)
    scaled: Floats = (values - low) / np.where(high > low, high - low, 1.0)
    return scaled
