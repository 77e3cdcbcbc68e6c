"""What a budget affords: a cap on the output before it is asked for, and a stop on the way."""

import math
from dataclasses import dataclass

__all__ = ["Affordable", "SpendingStop", "affordable"]


@dataclass(frozen=True, slots=True)
class Affordable:
    """Output tokens that may be asked for, and whether the prompt alone uses the budget up."""

    max_tokens: int
    exhausted: bool


def affordable(
    budget_usd: float, prompt_tokens: float, price_in: float, price_out: float, requested: int
) -> Affordable:
    """Clamp the requested output tokens to what is left of a budget after the prompt.

    The published rule: rem = budget - P * c_in; nothing left: one token, exhausted; otherwise
    max(1, floor(rem / c_out)), at most what was requested. Prices are USD per token; an infinite
    budget clamps nothing, and free output is never clamped.
    """
    left = budget_usd - prompt_tokens * price_in
    if left <= 0:
        return Affordable(min(requested, 1), True)
    if price_out == 0 or math.isinf(left):
        return Affordable(requested, False)
    return Affordable(min(requested, max(1, math.floor(left / price_out))), False)


class SpendingStop:
    """Says when a stream has spent its budget, for servers that do not honour max_tokens.

    Args:
        budget_usd: of the request.
        price_in, price_out: USD per token.
    """

    def __init__(self, budget_usd: float, price_in: float, price_out: float) -> None:
        self._budget, self._in, self._out = budget_usd, price_in, price_out

    def reached(self, prompt_tokens: int, output_tokens: int) -> bool:
        """Whether one more output token would cost more than the budget."""
        spent = prompt_tokens * self._in + (output_tokens + 1) * self._out
        return spent > self._budget * (1 + 1e-12)
