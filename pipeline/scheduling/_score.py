"""What an instance is worth to a request: fixed scales, and the published normalisation."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.params import ScaleParams, WeightParams

__all__ = ["EPSILON", "Terms", "fixed_terms", "reference_terms", "utilisation"]

Floats = NDArray[np.float64]
EPSILON = 1e-8  # of the published normalisation


@dataclass(frozen=True, slots=True)
class Terms:
    """The weighted parts of a score and their sum, each (I,); None where a policy has no such part.

    The instance with the highest total wins; -inf is out of the question.
    """

    total: Floats
    quality: Floats | None = None
    latency: Floats | None = None
    cost: Floats | None = None
    balance: Floats | None = None


def utilisation(
    kv_share: Floats, prompt_tokens: float, output_tokens: Floats, kv_tokens: Floats
) -> Floats:
    """Share of the KV cache in use once the request has ended on it, (I,).

    The reference's util = kv + ((P + L) / 16) / (free blocks / (1 - kv)); the quotient is the
    number of all blocks.
    """
    share: Floats = kv_share + (prompt_tokens + output_tokens) / kv_tokens
    return share


def fixed_terms(
    quality: Floats,
    cost: Floats,
    e2e: Floats | None,
    balance: Floats | None,
    weights: WeightParams,
    scales: ScaleParams,
) -> Terms:
    """Quality minus latency minus cost minus use of the cache, each on a declared scale.

    total = w_q * q - w_l * E2E / latency_s - w_c * cost / cost_usd - w_b * util

    The scales do not depend on who else is up, so weights say what a second or a cent is worth in
    quality, and an irrelevant bad instance changes no choice. Arguments are (I,), USD and s.
    """
    first = weights.quality * quality
    dollars = -(weights.cost / scales.cost_usd) * cost
    total = first + dollars
    latency = used = None
    if e2e is not None and weights.latency > 0:
        latency = -(weights.latency / scales.latency_s) * e2e
        total = total + latency
    if balance is not None and weights.balance > 0:
        used = -weights.balance * balance
        total = total + used
    return Terms(total, first, latency, dollars, used)


def reference_terms(
    quality: Floats,
    cost: Floats,
    e2e: Floats | None,
    balance: Floats | None,
    weights: WeightParams,
    allowed: NDArray[np.bool_],
) -> Terms:
    """The published score, bit for bit, over the candidates C that `allowed` names.

    q_s = (q - min_C q) / (max_C q - min_C q + eps)
    c_s = 1 - cost / (max_C cost + eps), l_s and b_s alike
    score = w_q q_s + w_c c_s + w_l l_s + w_b b_s

    Quality is min-max and the others max-divide, so the weights are not commensurable, and a bad
    instance that joins the candidates changes the choice among the rest (reference.md W10).
    """
    low = quality[allowed].min()
    spread = quality[allowed].max() - low + EPSILON
    first = weights.quality * ((quality - low) / spread)
    dollars = weights.cost * _against_the_worst(cost, allowed)
    latency = None if e2e is None else weights.latency * _against_the_worst(e2e, allowed)
    used = None if balance is None else weights.balance * _against_the_worst(balance, allowed)
    total = first + dollars
    for part in (latency, used):
        if part is not None:
            total = total + part
    return Terms(np.where(allowed, total, -np.inf), first, latency, dollars, used)


def _against_the_worst(values: Floats, allowed: NDArray[np.bool_]) -> Floats:
    share: Floats = 1.0 - values / (values[allowed].max() + EPSILON)
    return share
