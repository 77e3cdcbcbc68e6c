"""BEST-Route as a classifier: which of the M models is the best one for this prompt."""

from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray

from pipeline.params import BestRouteParams
from pipeline.predictors import TunedEncoder
from pipeline.scheduling.baselines._base import (
    Arrays,
    Floats,
    Knob,
    LearnedRouter,
    RouterData,
    Vectors,
    best_models,
    cheaper_first,
)
from pipeline.scheduling.baselines._fine_tune import fine_tune
from pipeline.scheduling.baselines._softmax import SoftmaxHead

__all__ = ["BestRoute"]

_ENCODER = "encoder."  # prefix of the encoder's weights among the arrays


@dataclass(frozen=True)
class BestRoute(LearnedRouter):
    """An M-way classifier of prompts, after the classifier arm of BEST-Route (arXiv 2506.22716).

    The label of a prompt is the model of the highest known quality, the cheaper among equals. With
    the frozen encoder the head reads the pipeline's embeddings; a fine-tuned encoder reads texts,
    and then embeddings of the frozen one mean nothing to the head and are refused.

    Attributes:
        head: on features (d,) to M models.
        order: (M,) models, the cheapest first.
        encoder: the fine-tuned encoder, None when it is frozen.
    """

    name: ClassVar[str] = "best_route"
    knob: ClassVar[Knob] = Knob("threshold", 0.0, (0.0, 0.3, 0.5, 0.7))

    head: SoftmaxHead
    order: NDArray[np.int64]
    encoder: TunedEncoder | None = None

    @property
    def takes(self) -> Literal["embeddings", "texts"]:
        return "embeddings" if self.encoder is None else "texts"

    @classmethod
    def fit(
        cls, train: RouterData, validation: RouterData, params: BestRouteParams, seed: int
    ) -> Self:
        order = train.order
        here, there = best_models(train.quality, order), best_models(validation.quality, order)
        known, held_out = here >= 0, there >= 0
        labels, held_out_labels = here[known], there[held_out]
        head = SoftmaxHead.fit(
            (train.embeddings[known], labels),
            (validation.embeddings[held_out], held_out_labels),
            len(train.models),
        )
        if params.encoder == "frozen":
            return cls(head, order)
        encoder, head = fine_tune(
            head,
            ([train.texts[row] for row in np.flatnonzero(known)], labels),
            ([validation.texts[row] for row in np.flatnonzero(held_out)], held_out_labels),
            epochs=params.epochs,
            learning_rate=params.learning_rate,
            seed=seed,
        )
        return cls(head, order, encoder)

    def worth(self, embeddings: Vectors, **options: float) -> Floats:
        """Probability that a model is the best one.

        Where no probability reaches the option `threshold`, the cheapest model's worth is 1. (The
        published code falls back to the model listed first, its documentation to the smallest.)

        Raises:
            ValueError: the encoder was fine-tuned; use `worth_of_texts`.
        """
        if self.encoder is not None:
            raise ValueError("the encoder of this router was fine-tuned; use worth_of_texts")
        return self._worth(embeddings, options)

    def worth_of_texts(self, texts: list[str], **options: float) -> Floats:
        """As `worth`, of texts; the only way when the encoder was fine-tuned."""
        if self.encoder is None:
            return super().worth_of_texts(texts, **options)
        return self._worth(self.encoder.encode(texts), options)

    def _worth(self, features: Vectors, options: dict[str, float]) -> Floats:
        threshold = self.knob.read(options)
        worth = cheaper_first(self.head.probabilities(features), self.order)
        worth[worth.max(axis=1) < threshold, self.order[0]] = 1.0
        return worth

    def arrays(self) -> dict[str, NDArray[Any]]:
        own = {"weights": self.head.weights, "bias": self.head.bias, "order": self.order}
        tuned = {} if self.encoder is None else self.encoder.arrays()
        return {**own, **{_ENCODER + name: value for name, value in tuned.items()}}

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Self:
        head = SoftmaxHead(arrays["weights"], arrays["bias"])
        tuned = {
            name.removeprefix(_ENCODER): value
            for name, value in arrays.items()
            if name.startswith(_ENCODER)
        }
        return cls(head, arrays["order"], TunedEncoder.from_arrays(tuned) if tuned else None)
