"""Iterations composed of measured operators: what a step-time form is fitted to."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.fleet.steptime._operators import Operators

__all__ = ["Rows", "compose"]

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Rows:
    """R iterations; (R,) each.

    Attributes:
        prefill: tokens of prompts, P.
        history: tokens computed before the prefill chunk.
        decode: sequences that decode, D.
        context: context tokens of those sequences together, S.
        dense: milliseconds of the dense operators, and of experts.
        ms: milliseconds of the whole iteration.
    """

    prefill: Floats
    history: Floats
    decode: Floats
    context: Floats
    dense: Floats
    ms: Floats

    @property
    def tokens(self) -> Floats:
        """N: tokens in the iteration."""
        return self.prefill + self.decode

    @property
    def work(self) -> Floats:
        """Q: chunk * (computed before + chunk / 2)."""
        return self.prefill * (self.history + self.prefill / 2)

    @property
    def longest(self) -> Floats:
        """L: the keys that one query walks along, the longer of prefill's and decoding's mean."""
        prefill = np.where(self.prefill > 0, self.history + self.prefill / 2, 0.0)
        return np.maximum(prefill, self.context / np.maximum(self.decode, 1))

    def kinds(self) -> dict[str, Mask]:
        """Which rows only decode, only prefill, or do both."""
        some, many = self.prefill > 0, self.decode > 0
        return {"decode": ~some, "prefill": some & ~many, "mixed": some & many}

    def fit_in(self, kv_tokens: float, budget: float) -> Mask:
        """Rows that an engine can have: context within the KV cache, tokens within the budget."""
        held = self.context + np.where(self.prefill > 0, self.history + self.prefill, 0.0)
        return (held <= kv_tokens) & (self.tokens <= budget)

    def usual(self) -> Mask:
        """What serving chat is made of: 20 to 256 sequences of 500 to 3,000 tokens, no history."""
        mean = self.context / np.maximum(self.decode, 1)
        many = (self.decode >= 20) & (self.decode <= 256)
        return (
            many & (mean >= 500) & (mean <= 3000) & (self.prefill <= 2048) & (self.history <= 2048)
        )

    def where(self, mask: Mask | NDArray[np.int64]) -> "Rows":
        """The rows of a mask, or at these places."""
        columns = (self.prefill, self.history, self.decode, self.context, self.dense, self.ms)
        return Rows(*(column[mask] for column in columns))


def compose(
    operators: Operators, attention: pl.DataFrame, unmeasured: Callable[[Floats], Floats]
) -> Rows:
    """Add up one iteration per attention row: all layers, and what runs once.

    lm_head and the sampler see one position of every sequence; a prefill chunk counts as one.

    Args:
        operators: dense operators of one layer.
        attention: rows of the attention table of the same target.
        unmeasured: milliseconds, by token count, of what the table has no operator for.
    """
    columns = ("prefill_chunk", "kv_prefill", "n_decode", "kv_decode", "latency_ms")
    prefill, history, decode, kv, layer = (
        attention[name].to_numpy().astype(float) for name in columns
    )
    tokens = prefill + decode
    dense = operators.dense(tokens) + unmeasured(tokens)
    head = operators.head(decode + (prefill > 0))
    total = dense + head + operators.layers * layer
    return Rows(prefill, history, decode, decode * kv, dense, total)
