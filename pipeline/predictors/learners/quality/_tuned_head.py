"""The encoder fine-tuned together with an output per model."""

from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from pipeline.predictors._contract import Prompts
from pipeline.predictors._distribution import Distribution
from pipeline.predictors._known import require_known
from pipeline.predictors._tuned import TunedEncoder, text_batches
from pipeline.predictors.learners.quality._torch_head import cell_weights, start_of
from pipeline.progress import track
from pipeline.stored import read_manifest, write_stored

__all__ = ["TunedHead"]

Floats = NDArray[np.float64]

_HEAD_SPEED = 30.0  # learning rate of the head over the encoder's, which has much more to lose
_SCALE = 8.0


class TunedHead:
    """MiniLM with a linear output per model, both trained on the labels; it reads texts.

    Minutes per thousand prompts on a CPU, so it competes only when asked for. Serving encodes every
    prompt a second time, because the others share the pinned encoder.

    Args:
        epochs: passes over the training prompts.
        learning_rate: of the encoder.
        seed: of order and dropout.
    """

    name: ClassVar[str] = "tuned_head"

    def __init__(self, epochs: int, learning_rate: float, seed: int) -> None:
        self.epochs = epochs
        self.learning_rate = learning_rate
        self.seed = seed

    def fit(self, columns: list[str], inputs: Prompts, values: Floats) -> Self:
        import torch

        require_known(columns, values)
        self.columns_ = list(columns)
        texts = list(inputs.required_texts())
        labels = torch.from_numpy(np.nan_to_num(values).astype(np.float32))
        weights = torch.from_numpy(cell_weights(values))
        encoder = TunedEncoder.start()
        slopes = torch.zeros((inputs.embeddings.shape[1], len(columns)), requires_grad=True)
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
        return self

    def predict(self, inputs: Prompts) -> Floats:
        from scipy.special import expit

        vectors = self.encoder_.encode(list(inputs.required_texts()))
        told: Floats = expit(_SCALE * vectors @ self.slopes_ + self.shift_)
        return told

    def predict_distribution(self, inputs: Prompts) -> Distribution:
        return Distribution.point(self.predict(inputs))

    def save(self, folder: Path) -> None:
        def fill(part: Path) -> dict[str, Any]:
            np.savez(part / "encoder.npz", allow_pickle=False, **self.encoder_.arrays())
            np.savez(part / "head.npz", slopes=self.slopes_, shift=self.shift_)
            names = ("epochs", "learning_rate", "seed")
            options = {name: getattr(self, name) for name in names}
            return {"learner": self.name, "columns": self.columns_, "options": options}

        write_stored("learner", folder, fill)

    @classmethod
    def load(cls, folder: Path) -> Self:
        told = read_manifest("learner", folder)
        learner = cls(**told["options"])
        learner.columns_ = told["columns"]
        with np.load(folder / "encoder.npz", allow_pickle=False) as arrays:
            learner.encoder_ = TunedEncoder.from_arrays(dict(arrays))
        with np.load(folder / "head.npz", allow_pickle=False) as arrays:
            learner.slopes_, learner.shift_ = arrays["slopes"], arrays["shift"]
        return learner
