"""RouteLLM's matrix factorisation, for two models or more."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from pipeline.params import RouteLlmParams
from pipeline.scheduling.baselines._base import (
    Arrays,
    Floats,
    Knob,
    LearnedRouter,
    RouterData,
    Vectors,
)
from pipeline.scheduling.baselines._threads import one_thread

__all__ = ["RouteLlm"]

_BATCH = 64
_PATIENCE = 10  # epochs without a lower validation loss before training stops


@dataclass(frozen=True)
class RouteLlm(LearnedRouter):
    """Who wins between two models on a prompt (arXiv 2406.18665, matrix factorisation).

    delta(m, x) = w . (v_m * (W x + b)),  P(a beats b | x) = sigmoid(delta(a, x) - delta(b, x))

    The published router decides between one strong and one weak model: strong where
    P(strong wins) >= alpha. Here the cheapest model m is chosen for which
    P(strongest beats m) < alpha; the strongest one may always be chosen. With a strong and a
    cheaper weak model that is the published rule.

    Attributes:
        models: v, (M, k).
        projection: W, (k, d).
        offset: b, (k,).
        scale: w, (k,).
        order: (M,) models, the cheapest first.
        strongest: the model of the highest mean quality in training.
    """

    name: ClassVar[str] = "route_llm"
    knob: ClassVar[Knob] = Knob("threshold", 0.5, (0.11593, 0.3, 0.5, 0.55, 0.6, 0.65, 0.7, 0.8))

    models: Floats
    projection: Floats
    offset: Floats
    scale: Floats
    order: NDArray[np.int64]
    strongest: int

    @classmethod
    def fit(
        cls, train: RouterData, validation: RouterData, params: RouteLlmParams, seed: int
    ) -> Self:
        import torch  # noqa: F401  its threads have to be there to be limited

        with one_thread():
            factors = _train(train, validation, params, seed)
        return cls(*factors, train.order, train.strongest)

    def strongest_wins(self, embeddings: Vectors) -> Floats:
        """P(strongest beats m) of every model m, 0.5 for itself; (n, M)."""
        hidden = embeddings.astype(np.float64) @ self.projection.T + self.offset
        delta = hidden @ (self.models * self.scale).T
        gap = delta[:, [self.strongest]] - delta
        chance: Floats = 0.5 * (1.0 + np.tanh(0.5 * gap))  # the sigmoid that cannot overflow
        return chance

    def worth(self, embeddings: Vectors, **options: float) -> Floats:
        """M for the cheapest model down to 1 for the dearest, less M where it may not be chosen.

        The option `threshold` is alpha. A higher one lets more models in, so it never makes a
        choice dearer.
        """
        alpha = self.knob.read(options)
        admitted = self.strongest_wins(embeddings) < alpha
        admitted[:, self.strongest] = True
        count = len(self.order)
        cheapness = np.empty(count)
        cheapness[self.order] = np.arange(count, 0, -1)
        worth: Floats = np.where(admitted, cheapness, cheapness - count)
        return worth

    def arrays(self) -> dict[str, NDArray[Any]]:
        return {name: np.asarray(value) for name, value in vars(self).items()}

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Self:
        learned: dict[str, Any] = dict(arrays)
        return cls(**learned | {"strongest": int(learned["strongest"])})


def _train(
    train: RouterData, validation: RouterData, params: RouteLlmParams, seed: int
) -> tuple[Floats, Floats, Floats, Floats]:
    """Fit v, W, b and w with Adam; keep those of the epoch with the least validation loss."""
    import torch

    generator = torch.Generator().manual_seed(seed)
    wide = train.embeddings.shape[1]
    shapes = {(len(train.models), params.dim): 1.0, (params.dim, wide): wide**-0.5}
    models, projection = (
        torch.randn(shape, generator=generator) * spread for shape, spread in shapes.items()
    )
    scale = torch.randn(params.dim, generator=generator) * params.dim**-0.5
    factors = [models, projection, torch.zeros(params.dim), scale]
    for factor in factors:
        factor.requires_grad_()
    optimiser = torch.optim.Adam(factors, lr=params.learning_rate)
    loss_of, held_out_loss_of = _pair_loss(train), _pair_loss(validation)
    best, least, since = _arrays(factors), np.inf, 0
    for _ in range(params.epochs):
        for rows in torch.randperm(len(train.embeddings), generator=generator).split(_BATCH):
            optimiser.zero_grad()
            loss_of(factors, rows).backward()
            optimiser.step()
        with torch.no_grad():
            loss = float(held_out_loss_of(factors, slice(None)))
        since += 1
        if loss < least:
            best, least, since = _arrays(factors), loss, 0
        elif since >= _PATIENCE:
            break
    return best


def _pair_loss(data: RouterData) -> Callable[[list[Any], Any], Any]:
    """Mean BCE over all pairs of models whose labels are known on a prompt; equal ones count 0.5.

    The returned function takes v, W, b, w and rows of `data`.
    """
    import torch

    pairs = np.array(list(combinations(range(len(data.models)), 2)), dtype=np.int64).reshape(-1, 2)
    first, second = data.quality[:, pairs[:, 0]], data.quality[:, pairs[:, 1]]
    known = torch.tensor(~np.isnan(first - second), dtype=torch.float32)
    won = torch.tensor(np.nan_to_num(0.5 + 0.5 * np.sign(first - second)), dtype=torch.float32)
    embeddings = torch.tensor(data.embeddings)

    def loss(factors: list[Any], rows: Any) -> Any:
        models, projection, offset, scale = factors
        delta = (embeddings[rows] @ projection.T + offset) @ (models * scale).T
        gap = delta[:, pairs[:, 0]] - delta[:, pairs[:, 1]]
        terms = torch.nn.functional.binary_cross_entropy_with_logits(
            gap, won[rows], weight=known[rows], reduction="sum"
        )
        return terms / known[rows].sum().clamp(min=1.0)

    return loss


def _arrays(factors: list[Any]) -> tuple[Floats, Floats, Floats, Floats]:
    v, projection, offset, scale = (
        np.array(factor.detach().numpy(), dtype=np.float64) for factor in factors
    )
    return v, projection, offset, scale
