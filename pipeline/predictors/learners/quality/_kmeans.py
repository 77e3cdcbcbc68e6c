"""Rankings of clusters of prompts."""

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from pipeline.predictors._contract import Prompts
from pipeline.predictors._known import column_means
from pipeline.predictors.learners.quality._stored import ArrayLearner

__all__ = ["Kmeans"]

Floats = NDArray[np.float64]


class Kmeans(ArrayLearner):
    """Mean label of the clusters nearest to a prompt.

    Cluster means are drawn to the overall mean as if `prior` more prompts of that mean were in
    them, so that a cluster of three ranks nobody.

    Args:
        clusters: at most, and at most a tenth of the training prompts.
        top_k: clusters that a prompt looks at, weighted by exp(beta * cosine).
        beta: sharpness of the weights.
        prior: prompts.
        seed: of the start.
    """

    name: ClassVar[str] = "kmeans"
    arguments: ClassVar[tuple[str, ...]] = ("clusters", "top_k", "beta", "prior", "seed")
    arrays: ClassVar[tuple[str, ...]] = ("centres_", "means_")

    centres_: Floats
    means_: Floats

    def __init__(self, clusters: int, top_k: int, beta: float, prior: float, seed: int) -> None:
        self.clusters = clusters
        self.top_k = top_k
        self.beta = beta
        self.prior = prior
        self.seed = seed

    def _learn(self, inputs: Prompts, values: Floats) -> None:
        from sklearn.cluster import KMeans

        size = max(1, min(self.clusters, len(inputs) // 10))
        found = KMeans(size, n_init=2, random_state=self.seed).fit(inputs.embeddings)
        norms = np.linalg.norm(found.cluster_centers_, axis=1, keepdims=True)
        self.centres_ = (found.cluster_centers_ / np.maximum(norms, 1e-12)).astype(np.float64)
        overall = column_means(values)
        known = ~np.isnan(values)
        member = np.eye(size)[found.labels_]
        sums = member.T @ np.where(known, values, 0.0) + self.prior * overall
        self.means_ = sums / (member.T @ known + self.prior)

    def predict(self, inputs: Prompts) -> Floats:
        cosines = inputs.embeddings @ self.centres_.T
        k = min(self.top_k, len(self.centres_))
        least = np.partition(cosines, -k, axis=1)[:, -k : -k + 1 or None].min(axis=1, keepdims=True)
        highest = cosines.max(axis=1, keepdims=True)
        weights = np.where(cosines >= least, np.exp(self.beta * (cosines - highest)), 0.0)
        told: Floats = weights / weights.sum(axis=1, keepdims=True) @ self.means_
        return told
