"""How long one iteration of an instance takes."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

__all__ = ["StepTime", "iteration_ms"]

Values = tuple[float, ...] | NDArray[np.float64]


def iteration_ms(
    knots: Values,
    curve: Values,
    rates: Values,
    prefill: float,
    decode: float,
    context: float,
    work: float,
) -> float:
    """Milliseconds of one iteration; plain arithmetic, so that Numba compiles the same text.

    Args:
        knots, curve: tokens, ascending, and the milliseconds of the dense operators there; (K,).
        rates: ms per token beyond the last knot, per prefill token, per decoding sequence, per
            context token of the decoding sequences, per unit of prefill attention; (5,).
        prefill, decode: tokens of prompts, and sequences that decode, in this iteration.
        context: tokens in the cache of the decoding sequences.
        work: sum over prefill chunks of chunk * (computed before + chunk / 2).
    """
    tokens = prefill + decode
    last = len(knots) - 1
    if tokens >= knots[last]:
        dense = curve[last] + rates[0] * (tokens - knots[last])
    elif tokens <= knots[0]:
        dense = curve[0]
    else:
        right = 1
        while knots[right] <= tokens:
            right += 1
        share = (tokens - knots[right - 1]) / (knots[right] - knots[right - 1])
        dense = curve[right - 1] + share * (curve[right] - curve[right - 1])
    return dense + rates[1] * prefill + rates[2] * decode + rates[3] * context + rates[4] * work


@dataclass(frozen=True, slots=True)
class StepTime:
    """Iteration time: a piecewise linear curve in tokens, plus terms for attention.

    t = curve(N) + p*P + c*D + d*S + q*Q   milliseconds

    with P prefill tokens, D decoding sequences, N = P + D, S context tokens of the decoding
    sequences and Q = sum over prefill chunks of chunk * (computed before + chunk / 2). The curve
    is the time of the dense operators (weights read or computed), d reads the KV cache, q is
    attention over the prefill. At constant D a decode iteration is longer than the one before it by
    d*D, which is what lets the virtual clock skip runs of them exactly.

    Attributes:
        knots, curve: tokens, ascending, and milliseconds there; constant before the first knot.
        tail: ms per token beyond the last knot.
        p, c, d, q: ms per unit of the terms above.
    """

    knots: tuple[float, ...]
    curve: tuple[float, ...]
    tail: float
    p: float = 0.0
    c: float = 0.0
    d: float = 0.0
    q: float = 0.0

    @classmethod
    def roofline(cls, w: float, c: float, e: float, f: float, d: float, q: float) -> "StepTime":
        """t = max(w + c*N, e + f*N) + d*S + q*Q: weights read, or operations computed."""
        steeper = max((c, w), (f, e)) if f != c else (c, max(w, e))
        start = max(w, e)
        meet = (w - e) / (f - c) if f != c else 0.0
        if meet <= 0:
            return cls((0.0,), (start,), steeper[0], d=d, q=q)
        return cls((0.0, meet), (start, w + c * meet), steeper[0], d=d, q=q)

    @classmethod
    def simple(cls, a: float, b: float, c: float, d: float) -> "StepTime":
        """t = a + b*P + c*D + d*S."""
        return cls((0.0,), (a,), 0.0, p=b, c=c, d=d)

    @property
    def rates(self) -> tuple[float, float, float, float, float]:
        """The last argument but four of `iteration_ms`."""
        return self.tail, self.p, self.c, self.d, self.q

    def seconds(self, prefill: int, decode: int, context: float, work: float) -> float:
        """Seconds of an iteration with P, D, S and Q."""
        args = (float(prefill), float(decode), float(context), float(work))
        return iteration_ms(self.knots, self.curve, self.rates, *args) * 1e-3

    def growth(self, decode: int) -> float:
        """Seconds by which a decode-only iteration is longer than the one before it."""
        return self.d * decode * 1e-3

    def scaled(self, factor: float) -> "StepTime":
        """The same form with every time multiplied."""
        return replace(
            self,
            curve=tuple(factor * ms for ms in self.curve),
            tail=factor * self.tail,
            p=factor * self.p,
            c=factor * self.c,
            d=factor * self.d,
            q=factor * self.q,
        )

    def decode_capacity(self, max_num_seqs: int, context: float) -> float:
        """Output tokens per second of a full batch whose sequences hold `context` tokens each."""
        return max_num_seqs / self.seconds(0, max_num_seqs, max_num_seqs * context, 0.0)
