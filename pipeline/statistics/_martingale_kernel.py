"""The two loops over a stream that are too slow in Python: ranks as they come, and the bets."""

import numpy as np

from pipeline.compiled import compiled
from pipeline.statistics._arrays import Floats

__all__ = ["jumper", "smoothed_ranks"]


@compiled
def smoothed_ranks(scores: Floats, ties: Floats) -> Floats:
    """Share of the scores so far that are as extreme, itself included, (n,): 0 < p <= 1.

    Args:
        scores: (n,) in the order of time.
        ties: (n,) uniform in (0, 1]; the part of the equal ones that counts.
    """
    shares = np.empty(scores.size)
    seen = np.empty(scores.size)
    for i in range(scores.size):
        score = scores[i]
        first = np.searchsorted(seen[:i], score)
        last = first
        while last < i and seen[last] == score:
            last += 1
        shares[i] = (i - last + ties[i] * (last - first + 1)) / (i + 1)
        for place in range(i, last, -1):
            seen[place] = seen[place - 1]
        seen[last] = score
    return shares


@compiled
def jumper(pvalues: Floats, slopes: Floats, jump: float) -> Floats:
    """Natural logarithm of the capital after each p-value, (n,), from a capital of 1.

    Args:
        pvalues: (n,) uniform where nothing changed.
        slopes: (m,) of the bets 1 + slope (p - 1/2), each between -2 and 2.
        jump: share of the capital that is spread evenly over the bets before each p-value.
    """
    path = np.empty(pvalues.size)
    shares = np.full(slopes.size, 1.0 / slopes.size)
    log_capital = 0.0
    for i in range(pvalues.size):
        total = 0.0
        for k in range(slopes.size):
            kept = (1.0 - jump) * shares[k] + jump / slopes.size
            shares[k] = kept * (1.0 + slopes[k] * (pvalues[i] - 0.5))
            total += shares[k]
        # Shares of the capital and its logarithm, so that a long stream cannot underflow.
        for k in range(slopes.size):
            shares[k] /= total
        log_capital += np.log(total)
        path[i] = log_capital
    return path
