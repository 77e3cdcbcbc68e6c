"""Fine-tuning of the sentence encoder together with a softmax head."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.predictors import TunedEncoder, text_batches
from pipeline.progress import track
from pipeline.scheduling.baselines._softmax import SoftmaxHead, log_loss

__all__ = ["fine_tune"]

Index = NDArray[np.int64]

_HEAD_SPEED = 10.0  # learning rate of the head over the encoder's, which has much more to lose


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
            for rows in text_batches(train[0], seed, epoch):
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


def _doubles(tensor: Any) -> NDArray[np.float64]:
    return np.array(tensor.detach().numpy(), dtype=np.float64)
