"""Fine-tuning of the sentence encoder together with a softmax head."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline import minilm
from pipeline.progress import track
from pipeline.scheduling.baselines._base import Arrays, Vectors
from pipeline.scheduling.baselines._softmax import SoftmaxHead, log_loss

__all__ = ["TunedEncoder", "fine_tune"]

Index = NDArray[np.int64]

_BATCH = 16
_POOL = 8 * _BATCH  # texts that are sorted by length before they are cut into batches
_HEAD_SPEED = 10.0  # learning rate of the head over the encoder's, which has much more to lose


class TunedEncoder:
    """A sentence encoder of its own weights: texts to unit rows, like `pipeline.minilm.encode`."""

    def __init__(self, model: Any) -> None:
        self.model = model

    @classmethod
    def start(cls) -> "TunedEncoder":
        """A copy of the pinned encoder."""
        return cls(deepcopy(minilm.bert()))

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> "TunedEncoder":
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

    def encode(self, texts: list[str]) -> Vectors:
        """Embed n texts as unit rows, (n, 384)."""
        import torch

        self.model.eval()
        with torch.inference_mode():
            parts = [self.forward(texts[at : at + _BATCH]) for at in range(0, len(texts), _BATCH)]
            return np.asarray(torch.cat(parts).numpy(), dtype=np.float32)

    def forward(self, texts: list[str]) -> Any:
        """Mean of token states, then L2 norm, as a tensor (n, 384) that carries gradients."""
        import torch

        coded = minilm.tokenizer().encode_batch(texts)
        ids = torch.tensor([code.ids for code in coded])
        mask = torch.tensor([code.attention_mask for code in coded])
        states = self.model(input_ids=ids, attention_mask=mask).last_hidden_state
        weights = mask.unsqueeze(-1).to(states.dtype)
        mean = (states * weights).sum(1) / weights.sum(1)
        return torch.nn.functional.normalize(mean, dim=1)


def fine_tune(
    head: SoftmaxHead,
    train: tuple[list[str], Index],
    validation: tuple[list[str], Index],
    *,
    epochs: int,
    learning_rate: float,
    seed: int,
) -> tuple[TunedEncoder, SoftmaxHead]:
    """Train encoder and head on texts and labels with Adam, and keep the best epoch.

    It starts from a head that fits the frozen encoder, so that the first steps do not tear the
    encoder's features apart (arXiv 2202.10054). The best epoch has the least validation log-loss;
    where none improves on the start, the start is returned.
    """
    import torch

    encoder = TunedEncoder.start()
    weights = torch.tensor(head.weights, dtype=torch.float32, requires_grad=True)
    bias = torch.tensor(head.bias, dtype=torch.float32, requires_grad=True)
    optimiser = torch.optim.Adam(
        [
            {"params": encoder.model.parameters(), "lr": learning_rate},
            {"params": [weights, bias], "lr": learning_rate * _HEAD_SPEED},
        ]
    )
    best = encoder.arrays(), head
    least = _loss(encoder, head, validation)
    # Dropout draws from torch's global stream; what others draw from it stays as it was.
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for epoch in track(range(epochs), epochs, "fine-tune the encoder, epochs"):
            encoder.model.train()
            for rows in _batches(train[0], seed, epoch):
                features = encoder.forward([train[0][row] for row in rows])
                labels = torch.from_numpy(train[1][rows])
                loss = torch.nn.functional.cross_entropy(features @ weights + bias, labels)
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
            tuned = SoftmaxHead(_doubles(weights), _doubles(bias))
            loss_now = _loss(encoder, tuned, validation)
            if loss_now < least:
                least, best = loss_now, (encoder.arrays(), tuned)
    return TunedEncoder.from_arrays(best[0]), best[1]


def _loss(encoder: TunedEncoder, head: SoftmaxHead, data: tuple[list[str], Index]) -> float:
    return log_loss(head.probabilities(encoder.encode(data[0])), data[1])


def _batches(texts: list[str], seed: int, epoch: int) -> Iterator[Index]:
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


def _doubles(tensor: Any) -> NDArray[np.float64]:
    return np.array(tensor.detach().numpy(), dtype=np.float64)
