"""How long one iteration of an instance takes."""

from dataclasses import dataclass

__all__ = ["StepTime"]


@dataclass(frozen=True, slots=True)
class StepTime:
    """Roofline form of the iteration time, coefficients in milliseconds.

    t = max(w + c*N, e + f*N) + d*S + q*Q

    with N tokens computed in the iteration, S context tokens of the decoding sequences and
    Q = sum over prefill chunks of chunk * (computed before + chunk / 2). The first branch is the
    time to read the weights, the second the time to compute; d reads the KV cache, q is attention
    over the prefill.
    """

    w: float
    c: float
    e: float
    f: float
    d: float
    q: float

    def seconds(self, tokens: int, context: float, prefill_work: float) -> float:
        """Seconds of an iteration with N=tokens, S=context, Q=prefill_work."""
        dense = max(self.w + self.c * tokens, self.e + self.f * tokens)
        return (dense + self.d * context + self.q * prefill_work) * 1e-3

    def growth(self, decoding: int) -> float:
        """Seconds by which a decode-only iteration is longer than the one before it."""
        return self.d * decoding * 1e-3

    def decode_capacity(self, max_num_seqs: int, context: float) -> float:
        """Output tokens per second of a full batch whose sequences hold `context` tokens each."""
        return max_num_seqs / self.seconds(max_num_seqs, max_num_seqs * context, 0.0)
