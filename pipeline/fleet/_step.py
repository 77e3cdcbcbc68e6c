"""How long one iteration of an instance takes."""

from dataclasses import dataclass

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
        rates: the fields of `StepTime` after `curve`, in its order, and no None; (9,).
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
    if prefill <= 0:
        return dense + rates[2] * decode + rates[3] * context
    longest = work / prefill
    if context > longest * decode:
        longest = context / decode
    shared = rates[1] * prefill + rates[5] * decode + rates[6] * context + rates[4] * work
    alone = rates[7] * longest
    return dense + rates[8] + (shared if shared > alone else alone)


@dataclass(frozen=True, slots=True)
class StepTime:
    """Iteration time: a piecewise linear curve in tokens, plus terms for attention.

    decoding only     t = curve(N) + c*D + d*S
    with prefill      t = curve(N) + b + max(p*P + q*Q + c_mixed*D + d_mixed*S, walk*L)

    in milliseconds, with P prefill tokens, D decoding sequences, N = P + D, S context tokens of the
    decoding sequences, Q = sum over prefill chunks of chunk * (computed before + chunk / 2) and
    L = max(Q / P, S / D), the keys that one query walks along. The curve is the time of the dense
    operators (weights read or computed), d reads the KV cache, q is attention over the prefill.
    Decoding sequences that share an iteration with prefill have rates of their own, because a
    kernel for mixed lengths neither splits their keys nor packs their heads: measured tables show
    two to three times the time of a decode-only batch. walk is that kernel's pace along the longest
    walk, which bounds it while other tiles finish earlier.

    At constant D a decode iteration is longer than the one before it by d*D, which is what lets the
    virtual clock skip runs of them exactly.

    Attributes:
        knots, curve: tokens, ascending, and milliseconds there; constant before the first knot.
        tail: ms per token beyond the last knot.
        p, c, d, q, c_mixed, d_mixed, walk, b: ms per unit of the terms above; None: as without
            prefill.
    """

    knots: tuple[float, ...]
    curve: tuple[float, ...]
    tail: float
    p: float = 0.0
    c: float = 0.0
    d: float = 0.0
    q: float = 0.0
    c_mixed: float | None = None
    d_mixed: float | None = None
    walk: float = 0.0
    b: float = 0.0

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
    def rates(self) -> tuple[float, ...]:
        """The third argument of `iteration_ms`; (9,)."""
        c_mixed = self.c if self.c_mixed is None else self.c_mixed
        d_mixed = self.d if self.d_mixed is None else self.d_mixed
        return self.tail, self.p, self.c, self.d, self.q, c_mixed, d_mixed, self.walk, self.b

    def seconds(self, prefill: int, decode: int, context: float, work: float) -> float:
        """Seconds of an iteration with P, D, S and Q."""
        args = (float(prefill), float(decode), float(context), float(work))
        return iteration_ms(self.knots, self.curve, self.rates, *args) * 1e-3

    def growth(self, decode: int) -> float:
        """Seconds by which a decode-only iteration is longer than the one before it."""
        return self.d * decode * 1e-3

    def scaled(self, factor: float) -> "StepTime":
        """The same form with every time multiplied."""
        tail, p, c, d, q, c_mixed, d_mixed, walk, b = (factor * rate for rate in self.rates)
        curve = tuple(factor * ms for ms in self.curve)
        return StepTime(self.knots, curve, tail, p, c, d, q, c_mixed, d_mixed, walk, b)

    def decode_capacity(self, max_num_seqs: int, context: float) -> float:
        """Output tokens per second of a full batch whose sequences hold `context` tokens each."""
        return max_num_seqs / self.seconds(0, max_num_seqs, max_num_seqs * context, 0.0)
