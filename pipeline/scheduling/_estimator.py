"""From prompt embeddings to beliefs: once per batch, arrays throughout."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import DataError
from pipeline.params import ArmParams
from pipeline.predictors import LengthModel, Prompts, QualityModel
from pipeline.scheduling._estimates import Estimates, expected_cost
from pipeline.scheduling.baselines import LearnedRouter

__all__ = ["Estimator", "Learned", "learned_of"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Learned:
    """A learned router and the value of its knob."""

    router: LearnedRouter
    knob: float

    def worth(self, embeddings: NDArray[np.float32], texts: list[str]) -> Floats:
        """Worth of M models to n prompts, (n, M), from whichever of the two it was trained on."""
        options = {self.router.knob.name: self.knob}
        if self.router.takes == "texts":
            return self.router.worth_of_texts(texts, **options)
        return self.router.worth(embeddings, **options)


def learned_of(arm: ArmParams, routers: Mapping[str, LearnedRouter]) -> Learned | None:
    """The learned router that an arm names, with the arm's value of its knob; None without one."""
    router = routers.get(arm.router)
    return None if router is None else Learned(router, float(getattr(arm, router.knob.name)))


class Estimator:
    """Quality, length and cost of every (prompt, model) pair, and a learned router's opinion.

    Args:
        quality, length: trained predictors of the same models.
        prices: USD per million prompt and output tokens, by model, in fleet order.

    Raises:
        DataError: a predictor knows other models than the fleet has.
    """

    def __init__(
        self, quality: QualityModel, length: LengthModel, prices: dict[str, tuple[float, float]]
    ) -> None:
        models = list(prices)
        for predictor in (quality, length):
            if predictor.models_ != models:
                raise DataError(
                    f"the predictors know the models {', '.join(predictor.models_)}, but the "
                    f"fleet has {', '.join(models)}; run `dvc repro`"
                )
        self._quality, self._length = quality, length
        self._prices = list(prices.values())

    def estimate(self, prompts: Prompts, prompt_tokens: Floats) -> Estimates:
        """Beliefs about n prompts of (n,) tokens; what oracles know is NaN."""
        quality, length = self._quality.predict(prompts), self._length.predict(prompts)
        unknown = np.full(quality.mean.shape, np.nan)
        return Estimates(
            prompt_tokens=prompt_tokens,
            quality=quality,
            length=length,
            cost=expected_cost(prompt_tokens, length.mean, self._prices),
            oracle_quality=unknown,
            dataset_quality=unknown,
        )
