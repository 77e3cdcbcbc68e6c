"""Into which bucket of tokens a length falls: the published head, its edges an option."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from pipeline.predictors._contract import Prompts
from pipeline.predictors._distribution import LEVELS, Distribution
from pipeline.predictors._known import require_known
from pipeline.predictors._repeats import answers
from pipeline.predictors.learners._learner import StoredLearner
from pipeline.predictors.learners._net import Loss, NetOptions, Nets, train_nets
from pipeline.predictors.learners.length._expectation import mean_factors, quantile_mean
from pipeline.predictors.learners.length._features import PromptFeatures

if TYPE_CHECKING:
    import torch

__all__ = ["Buckets"]

Floats = NDArray[np.float64]

_DROPOUT, _LEARNING_RATE, _NETS = 0.4, 2e-3, 1
_LEAST = 1.0  # tokens


class Buckets(StoredLearner):
    """A classifier of B buckets per model over embedding and surface (reference.md 1.4, 4.5).

    The published one has 16 of 64 tokens, the last one open. Between the edges of a bucket lengths
    are taken as uniform, and the open one ends at the longest training length.

    Args:
        buckets: B.
        bucket_tokens: width; None for edges that give each bucket of a model equal mass.
        width, steps: of the network.
        seed: of its training.
    """

    name: ClassVar[str] = "buckets"

    def __init__(
        self,
        buckets: int = 16,
        bucket_tokens: int | None = 64,
        width: int = 128,
        steps: int = 300,
        seed: int = 0,
    ) -> None:
        self.buckets = buckets
        self.bucket_tokens = bucket_tokens
        self.options = NetOptions(width, steps, _DROPOUT, _LEARNING_RATE, _NETS)
        self.seed = seed

    def fit(self, columns: list[str], inputs: Prompts, values: Floats) -> Self:
        require_known(columns, values)
        self.columns_ = list(columns)
        samples = answers(values)
        self.edges_ = np.stack([self._edges(column) for column in samples.transpose(1, 0, 2)])
        places = np.stack(
            [
                np.searchsorted(edges[1:-1], samples[:, column], side="right")
                for column, edges in enumerate(self.edges_)
            ],
            axis=1,
        )
        self.features_ = PromptFeatures(None, 0).fit(inputs)
        self.nets_ = train_nets(
            self.features_.transform(inputs),
            np.zeros(len(columns) * self.buckets, dtype=np.float32),
            self._loss(places, ~np.isnan(samples)),
            self.options,
            self.seed,
        )
        self.factors_ = mean_factors(values, self._quantiles(inputs))
        return self

    def _edges(self, lengths: Floats) -> Floats:
        """Edges of one model, (B + 1,), increasing."""
        known = lengths[~np.isnan(lengths)]
        edges: Floats
        if self.bucket_tokens is None:
            edges = np.asarray(np.quantile(known, np.linspace(0.0, 1.0, self.buckets + 1)))
            edges[0] = 0.0
        else:
            edges = np.arange(self.buckets + 1, dtype=np.float64) * self.bucket_tokens
        edges[-1] = max(edges[-1], known.max())
        return edges

    def _loss(self, places: NDArray[np.int64], known: NDArray[np.bool_]) -> Loss:
        import torch
        from torch.nn.functional import cross_entropy

        wanted, there = torch.from_numpy(places), torch.from_numpy(known)
        columns, buckets, repeats = places.shape[1], self.buckets, places.shape[2]

        def loss(outputs: "torch.Tensor", rows: "torch.Tensor") -> "torch.Tensor":
            scores = outputs.view(len(rows), columns, 1, buckets)
            scores = scores.expand(-1, -1, repeats, -1)
            kept = there[rows]
            return cross_entropy(scores[kept], wanted[rows][kept])

        return loss

    def probabilities(self, inputs: Prompts) -> Floats:
        """P(bucket) of n prompts, (n, C, B)."""
        outputs = self.nets_(self.features_.transform(inputs)).astype(np.float64)
        scores = outputs.reshape(len(inputs), len(self.columns_), self.buckets)
        raised = np.exp(scores - scores.max(axis=2, keepdims=True))
        shares: Floats = raised / raised.sum(axis=2, keepdims=True)
        return shares

    def _quantiles(self, inputs: Prompts) -> Floats:
        shares = self.probabilities(inputs)
        reached = np.cumsum(shares, axis=2)
        out = np.empty((*shares.shape[:2], len(LEVELS)))
        models = np.arange(len(self.columns_))
        for place, level in enumerate(LEVELS):
            bucket = np.minimum((reached < level).sum(axis=2), self.buckets - 1)
            mass, top = (
                np.take_along_axis(part, bucket[:, :, None], axis=2)[:, :, 0]
                for part in (shares, reached)
            )
            low, high = self.edges_[models, bucket], self.edges_[models, bucket + 1]
            within = np.clip((level - (top - mass)) / mass, 0.0, 1.0)
            out[:, :, place] = low + within * (high - low)
        return np.maximum(out, _LEAST)

    def predict(self, inputs: Prompts) -> Floats:
        return quantile_mean(self._quantiles(inputs)) * self.factors_

    def predict_distribution(self, inputs: Prompts) -> Distribution:
        return Distribution(self._quantiles(inputs))

    def _options(self) -> dict[str, Any]:
        told = asdict(self.options)
        options = {"buckets": self.buckets, "bucket_tokens": self.bucket_tokens}
        return options | {"width": told["width"], "steps": told["steps"], "seed": self.seed}

    def _write(self, folder: Path) -> None:
        self.features_.save(folder / "features.npz")
        self.nets_.save(folder / "nets.npz")
        np.savez(folder / "columns.npz", edges=self.edges_, factors=self.factors_)

    def _read(self, folder: Path) -> None:
        self.features_ = PromptFeatures.load(folder / "features.npz")
        self.nets_ = Nets.load(folder / "nets.npz")
        with np.load(folder / "columns.npz", allow_pickle=False) as arrays:
            self.edges_, self.factors_ = arrays["edges"], arrays["factors"]
