"""A copy of the sentence encoder whose weights may be trained."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline import minilm

__all__ = ["TunedEncoder", "text_batches"]

Index = NDArray[np.int64]

_BATCH = 16
_POOL = 8 * _BATCH  # texts that are sorted by length before they are cut into batches


class TunedEncoder:
    """A sentence encoder of its own weights: texts to unit rows, like `pipeline.minilm.encode`."""

    def __init__(self, model: Any) -> None:
        self.model = model

    @classmethod
    def start(cls) -> "TunedEncoder":
        """A copy of the pinned encoder."""
        return cls(deepcopy(minilm.bert()))

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> "TunedEncoder":
        """Undo `arrays`."""
        import torch

        encoder = cls.start()
        encoder.model.load_state_dict(
            {name: torch.from_numpy(value) for name, value in arrays.items()}
        )
        return encoder

    def arrays(self) -> dict[str, NDArray[Any]]:
        """A copy of every weight, by its name in the model."""
        state = self.model.state_dict()
        return {name: value.detach().numpy().copy() for name, value in state.items()}

    def encode(self, texts: list[str]) -> NDArray[np.float32]:
        """Embed n texts as unit rows, (n, 384)."""
        import torch

        self.model.eval()
        with torch.inference_mode():
            parts = [self.forward(texts[at : at + _BATCH]) for at in range(0, len(texts), _BATCH)]
            return np.asarray(torch.cat(parts).numpy(), dtype=np.float32)

    def forward(self, texts: list[str]) -> Any:
        """Mean of token states, then L2 norm, as a tensor (n, 384) that carries gradients."""
        import torch

        return minilm.pooled(self.model, *map(torch.from_numpy, minilm.tokenise(texts)))


def text_batches(texts: list[str], seed: int, epoch: int) -> Iterator[Index]:
    """Random batches of texts of similar length, because the encoder works on padding as well."""
    rng = np.random.default_rng([seed, epoch])
    lengths = np.array([len(text) for text in texts])
    order = rng.permutation(len(texts))
    batches = []
    for start in range(0, len(order), _POOL):
        pool = order[start : start + _POOL]
        pool = pool[np.argsort(lengths[pool], kind="stable")]
        batches += [pool[at : at + _BATCH] for at in range(0, len(pool), _BATCH)]
    for batch in rng.permutation(len(batches)):
        yield batches[batch]
