"""One network for all models over the frozen encoder."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from pipeline.predictors._contract import Prompts
from pipeline.predictors._known import column_means
from pipeline.predictors.learners._net import Loss, NetOptions, Nets, train_nets
from pipeline.predictors.learners.quality._features import centre_of, prompt_features
from pipeline.predictors.learners.quality._stored import PointLearner

if TYPE_CHECKING:
    import torch

__all__ = ["TorchHead", "cell_weights", "start_of"]

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]

_SCALE = 8.0  # of the features, so that embeddings have unit variance per direction


class TorchHead(PointLearner):
    """Shared layers and an output per model, trained on the cross-entropy of the known labels.

    Models share what makes a prompt hard, so those with few labels learn from the others.

    Args:
        width, steps, dropout, learning_rate, nets: as `NetOptions`.
        seed: of its training.
    """

    name: ClassVar[str] = "torch_head"

    def __init__(
        self, width: int, steps: int, dropout: float, learning_rate: float, nets: int, seed: int
    ) -> None:
        self.options = NetOptions(width, steps, dropout, learning_rate, nets)
        self.seed = seed

    def _learn(self, inputs: Prompts, values: Floats) -> None:
        self.centre_ = centre_of(inputs)
        self.nets_ = train_nets(
            self._features(inputs), start_of(values), _loss(values), self.options, self.seed
        )

    def _features(self, inputs: Prompts) -> Singles:
        return (prompt_features(inputs, self.centre_) * _SCALE).astype(np.float32)

    def predict(self, inputs: Prompts) -> Floats:
        from scipy.special import expit

        told: Floats = expit(self.nets_(self._features(inputs)).astype(np.float64))
        return told

    def _options(self) -> dict[str, Any]:
        return {**asdict(self.options), "seed": self.seed}

    def _write(self, folder: Path) -> None:
        np.save(folder / "centre.npy", self.centre_)
        self.nets_.save(folder / "nets.npz")

    def _read(self, folder: Path) -> None:
        self.centre_ = np.load(folder / "centre.npy")
        self.nets_ = Nets.load(folder / "nets.npz")


def start_of(values: Floats) -> Singles:
    """Log odds of each model's mean label, (M,): where training begins."""
    means = np.clip(column_means(values), 0.02, 0.98)
    odds: Singles = np.log(means / (1.0 - means)).astype(np.float32)
    return odds


def cell_weights(values: Floats) -> Singles:
    """Weight of each known label, (N, M), 0 where unknown.

    A prompt that many models answered counts more than one that two did, but by the root of their
    number: its labels are as good as repeats of one difficulty.
    """
    known = ~np.isnan(values)
    answered = np.maximum(known.sum(axis=1, keepdims=True), 1)
    weights: Singles = (known / np.sqrt(answered)).astype(np.float32)
    return weights


def _loss(values: Floats) -> Loss:
    import torch

    labels = torch.from_numpy(np.nan_to_num(values).astype(np.float32))
    weights = torch.from_numpy(cell_weights(values))

    def loss(outputs: "torch.Tensor", rows: "torch.Tensor") -> "torch.Tensor":
        lost = torch.nn.functional.binary_cross_entropy_with_logits(
            outputs, labels[rows], weight=weights[rows], reduction="sum"
        )
        return lost / weights[rows].sum().clamp(min=1e-6)

    return loss
