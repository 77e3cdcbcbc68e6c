"""Small networks: trained with torch, read as arrays, so that serving needs no torch."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from pipeline.streams import stream

if TYPE_CHECKING:
    import torch
    from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

__all__ = ["NetOptions", "Nets", "train_nets"]

Singles = NDArray[np.float32]
Loss = Callable[["torch.Tensor", "torch.Tensor"], "torch.Tensor"]

_BATCH = 128
_DECAY = 0.1  # of the weights, as AdamW has it
_INPUT_DROPOUT = 0.5  # share of the hidden layers' dropout
_START = 0.1  # of the last layer's usual size, so that training begins at the bias


@dataclass(frozen=True)
class NetOptions:
    """Attributes: width of both hidden layers, steps, dropout, learning rate, nets averaged."""

    width: int
    steps: int
    dropout: float
    learning_rate: float
    nets: int


@dataclass(frozen=True)
class Nets:
    """Networks of equal shape whose outputs are averaged.

    Attributes:
        weights, biases: of every layer, (nets, inputs, outputs) and (nets, 1, outputs).
    """

    weights: tuple[Singles, ...]
    biases: tuple[Singles, ...]

    def __call__(self, features: Singles) -> Singles:
        """Outputs of n rows, (n, O)."""
        values: Any = np.broadcast_to(features, (len(self.weights[0]), *features.shape))
        last = len(self.weights) - 1
        # One thread: a second one, on a busy machine, is waited for longer than it helps.
        with _blas().limit(limits=1, user_api="blas"):
            for place, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
                values = values @ weight + bias
                if place < last:
                    values = values / (1.0 + np.exp(-np.clip(values, -60.0, 60.0)))  # SiLU
        told: Singles = values.mean(axis=0)
        return told

    def save(self, path: Path) -> None:
        """Write the weights as one file of arrays."""
        named: dict[str, Any] = {f"weight_{i}": one for i, one in enumerate(self.weights)}
        named |= {f"bias_{i}": one for i, one in enumerate(self.biases)}
        np.savez(path, **named)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote."""
        with np.load(path, allow_pickle=False) as arrays:
            layers = range(len(arrays.files) // 2)
            weights, biases = (
                tuple(arrays[f"{kind}_{i}"] for i in layers) for kind in ("weight", "bias")
            )
        return cls(weights, biases)


@cache
def _blas() -> "ThreadpoolController":
    """The loaded linear algebra; looked up once, because that takes longer than a prediction."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def train_nets(
    features: Singles, start: Singles, loss: Loss, options: NetOptions, seed: int
) -> Nets:
    """Train two hidden layers by AdamW on one thread; the same seed gives the same bytes.

    Args:
        features: (N, F) standardised.
        start: (O,) outputs that training begins from.
        loss: of outputs (b, O) and the rows (b,) they belong to.
        options: of shape and training.
        seed: of weights, order and dropout.
    """
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.random.fork_rng(devices=[]):
            layers = [_train(features, start, loss, options, seed, i) for i in range(options.nets)]
    finally:
        torch.set_num_threads(threads)
    return Nets(
        tuple(np.stack([net[i][0].T for net in layers]) for i in range(3)),
        tuple(np.stack([net[i][1][None] for net in layers]) for i in range(3)),
    )


def _train(
    features: Singles, start: Singles, loss: Loss, options: NetOptions, seed: int, place: int
) -> list[tuple[Singles, Singles]]:
    import torch
    from torch import nn

    rng = stream(seed, "network", place)
    torch.manual_seed(int(rng.integers(2**31)))
    wide, drop = options.width, options.dropout
    net = nn.Sequential(
        nn.Dropout(_INPUT_DROPOUT * drop),
        nn.Sequential(nn.Linear(features.shape[1], wide), nn.SiLU(), nn.Dropout(drop)),
        nn.Sequential(nn.Linear(wide, wide), nn.SiLU(), nn.Dropout(drop)),
        last := nn.Linear(wide, len(start)),
    )
    with torch.no_grad():
        last.weight.mul_(_START)
        last.bias.copy_(torch.from_numpy(start))
    descent = torch.optim.AdamW(net.parameters(), lr=options.learning_rate, weight_decay=_DECAY)
    pace = torch.optim.lr_scheduler.OneCycleLR(
        descent, options.learning_rate, total_steps=options.steps
    )
    seen = torch.from_numpy(np.ascontiguousarray(features, dtype=np.float32))
    for rows in _batches(len(features), options.steps, rng):
        found = loss(net(seen[rows]), rows)
        descent.zero_grad()
        found.backward()
        descent.step()
        pace.step()
    linear = [module for module in net.modules() if isinstance(module, nn.Linear)]
    return [(one.weight.detach().numpy(), one.bias.detach().numpy()) for one in linear]


def _batches(n: int, steps: int, rng: np.random.Generator) -> list["torch.Tensor"]:
    """Rows of every step: all rows in a new order, again and again."""
    import torch

    size = min(_BATCH, n)
    rounds = -(-steps * size // n)
    order = np.concatenate([rng.permutation(n) for _ in range(rounds)])
    return [torch.from_numpy(order[i * size : (i + 1) * size]) for i in range(steps)]
