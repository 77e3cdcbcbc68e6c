"""What the router expects of every (request, model) pair, whatever the load."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pipeline.params import ErrorParams
from pipeline.predictors import LengthPrediction, QualityPrediction

__all__ = ["Estimates", "expected_cost", "with_error"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Estimates:
    """Beliefs about n prompts and M models that no load changes.

    Attributes:
        prompt_tokens: (n,).
        quality: (n, M) with bounds.
        length: (n, M) output tokens with bounds.
        cost: expected USD of prompt and output, (n, M).
        oracle_quality: true labels (n, M), NaN unknown; only oracle arms may look.
        dataset_quality: mean label of the prompt's dataset on the validation split, (n, M).
        worth: what the arm's learned router makes of each model, (n, M); None without one.
    """

    prompt_tokens: Floats
    quality: QualityPrediction
    length: LengthPrediction
    cost: Floats
    oracle_quality: Floats
    dataset_quality: Floats
    worth: Floats | None = None


def expected_cost(
    prompt_tokens: Floats, output_tokens: Floats, prices: list[tuple[float, float]]
) -> Floats:
    """USD of prompts (n,) and outputs (n, M) at prices per million tokens; (n, M)."""
    price_in, price_out = np.array(prices).T
    cost: Floats = (prompt_tokens[:, None] * price_in + output_tokens * price_out) * 1e-6
    return cost


def with_error(
    estimates: Estimates,
    error: ErrorParams,
    prices: list[tuple[float, float]],
    rng: np.random.Generator,
) -> Estimates:
    """Return the beliefs with the declared error on quality and length; cost follows the length.

    Quality gets normal noise and stays in [0, 1], length a lognormal factor of mean 1; every
    (prompt, model) pair has one draw of each, so a prompt that comes again is mistaken again.
    """
    shape = estimates.cost.shape
    shift = error.quality * rng.standard_normal(shape)
    sigma = error.length
    factor = np.exp(sigma * rng.standard_normal(shape) - sigma**2 / 2)
    told, length = estimates.quality, estimates.length.times(factor)
    return replace(
        estimates,
        quality=replace(told, mean=np.clip(told.mean + shift, 0.0, 1.0)),
        length=length,
        cost=expected_cost(estimates.prompt_tokens, length.mean, prices),
    )
