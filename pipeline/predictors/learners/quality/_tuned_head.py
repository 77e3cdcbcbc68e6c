"""The encoder fine-tuned together with an output per model."""

from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from pipeline.predictors._contract import Prompts
from pipeline.predictors._tuned import TunedEncoder, text_batches
from pipeline.predictors.learners.quality._stored import PointLearner
from pipeline.predictors.learners.quality._torch_head import cell_weights, start_of
from pipeline.progress import track

__all__ = ["TunedHead"]

Floats = NDArray[np.float64]

_HEAD_SPEED = 30.0  # learning rate of the head over the encoder's, which has much more to lose
_SCALE = 8.0


class TunedHead(PointLearner):
    """MiniLM with a linear output per model, both trained on the labels; it reads texts.

    Minutes per thousand prompts on a CPU, so it competes only when asked for. Serving encodes every
    prompt a second time, because the others share the pinned encoder.

    Args:
        epochs: passes over the training prompts.
        learning_rate: of the encoder.
        seed: of order and dropout.
    """

    name: ClassVar[str] = "tuned_head"
    arguments: ClassVar[tuple[str, ...]] = ("epochs", "learning_rate", "seed")

    def __init__(self, epochs: int, learning_rate: float, seed: int) -> None:
        self.epochs = epochs
        self.learning_rate = learning_rate
        self.seed = seed

    def _learn(self, inputs: Prompts, values: Floats) -> None:
        import torch

        texts = list(inputs.required_texts())
        labels = torch.from_numpy(np.nan_to_num(values).astype(np.float32))
        weights = torch.from_numpy(cell_weights(values))
        encoder = TunedEncoder.start()
        slopes = torch.zeros((inputs.embeddings.shape[1], values.shape[1]), requires_grad=True)
        shift = torch.from_numpy(start_of(values)).requires_grad_(True)
        descent = torch.optim.AdamW(
            [
                {"params": encoder.model.parameters(), "lr": self.learning_rate},
                {"params": [slopes, shift], "lr": self.learning_rate * _HEAD_SPEED},
            ]
        )
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            for epoch in range(self.epochs):
                encoder.model.train()
                batches = list(text_batches(texts, self.seed, epoch))
                for rows in track(batches, len(batches), f"fine-tune, epoch {epoch + 1}, batches"):
                    told = encoder.forward([texts[row] for row in rows]) * _SCALE @ slopes + shift
                    lost = torch.nn.functional.binary_cross_entropy_with_logits(
                        told, labels[rows], weight=weights[rows], reduction="sum"
                    ) / weights[rows].sum().clamp(min=1e-6)
                    descent.zero_grad()
                    lost.backward()
                    descent.step()
        self.encoder_ = encoder
        self.slopes_ = slopes.detach().numpy().astype(np.float64)
        self.shift_ = shift.detach().numpy().astype(np.float64)

    def predict(self, inputs: Prompts) -> Floats:
        from scipy.special import expit

        vectors = self.encoder_.encode(list(inputs.required_texts()))
        told: Floats = expit(_SCALE * vectors @ self.slopes_ + self.shift_)
        return told

    def _write(self, folder: Path) -> None:
        np.savez(folder / "encoder.npz", allow_pickle=False, **self.encoder_.arrays())
        np.savez(folder / "head.npz", slopes=self.slopes_, shift=self.shift_)

    def _read(self, folder: Path) -> None:
        with np.load(folder / "encoder.npz", allow_pickle=False) as arrays:
            self.encoder_ = TunedEncoder.from_arrays(dict(arrays))
        with np.load(folder / "head.npz", allow_pickle=False) as arrays:
            self.slopes_, self.shift_ = arrays["slopes"], arrays["shift"]
