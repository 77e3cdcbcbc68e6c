"""Telemetry of served instances, as the state keeper takes it."""

import numpy as np
from numpy.typing import NDArray

from pipeline.fleet.telemetry import Observed, to_telemetry
from pipeline.scheduling import QUANTITIES

__all__ = ["busy_share", "readings"]

Floats = NDArray[np.float64]


def readings(seen: list[Observed], kv_tokens: list[int], now: float) -> tuple[Floats, Floats]:
    """Return the last readings of I instances, values (6, I), and when they were taken, (I,).

    NaN is what a server does not tell, a column of NaN one that never answered. A reading is as old
    as the question: the state it tells of is not from before that.

    Args:
        seen: the instances, in fleet order.
        kv_tokens: what each cache holds, where the server does not say.
        now: time of `seen` on the clock of the result, s.
    """
    values = np.full((len(QUANTITIES), len(seen)), np.nan)
    taken = np.full(len(seen), -np.inf)
    for i, (one, holds) in enumerate(zip(seen, kv_tokens, strict=True)):
        if one.sample is None or one.age_s is None:
            continue
        told = to_telemetry(one.sample, holds)
        row = (
            told.running,
            told.waiting,
            told.pending_prefill_tokens,
            told.pending_decode_tokens,
            told.context_tokens,
            told.kv_utilisation,
        )
        values[:, i] = [np.nan if value is None else value for value in row]
        taken[i] = now - one.age_s
    return values, taken


def busy_share(seen: list[Observed]) -> float:
    """Share of the instances that say somebody waits there; a silent one counts as not busy."""
    waits = [
        one.failures == 0 and one.sample is not None and bool(one.sample.waiting) for one in seen
    ]
    return sum(waits) / len(waits)
