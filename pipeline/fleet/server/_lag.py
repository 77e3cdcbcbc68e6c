"""How late tokens are written: a record of bounded size with a stated resolution."""

import math

__all__ = ["LagRecord", "lag_quantile"]

_LEAST_S = 1e-6
_RATIO = math.log(1.02)
_BINS = 932  # up to 100 s


class LagRecord:
    """Counts of lags, seconds, in bins that are 2 % wide; from 1 microsecond to 100 s."""

    def __init__(self) -> None:
        self._counts = [0] * _BINS

    def record(self, lag_s: float) -> None:
        """Count one token."""
        if lag_s <= _LEAST_S:
            self._counts[0] += 1
            return
        self._counts[min(int(math.log(lag_s / _LEAST_S) / _RATIO) + 1, _BINS - 1)] += 1

    def counts(self) -> list[int]:
        """Tokens per bin since the start; (932,)."""
        return list(self._counts)


def lag_quantile(counts: list[int], share: float) -> float | None:
    """Upper edge, s, of the bin that holds this quantile; None if nothing was counted.

    Args:
        counts: as from `LagRecord.counts`, or the difference of two of them.
        share: in (0, 1]; 1 gives the largest.
    """
    rank = math.ceil(share * sum(counts))
    for index, count in enumerate(counts):
        rank -= count
        if count and rank <= 0:
            return _LEAST_S * math.exp(index * _RATIO)
    return None
