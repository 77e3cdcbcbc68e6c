"""How wrong a step time is, part by part."""

import numpy as np
from numpy.typing import NDArray

from pipeline.fleet._step import StepTime
from pipeline.fleet.steptime._predict import step_ms
from pipeline.fleet.steptime._rows import Rows

__all__ = ["Errors", "errors", "kind_weights"]

Floats = NDArray[np.float64]
Errors = dict[str, float | None]

# Decoding is most of an engine's time, whatever the number of its rows in a table.
_SHARES = {"decode": 0.5, "prefill": 0.2, "mixed": 0.3}
_OUTSIDE = 0.1
_USUAL = 3.0


def errors(step: StepTime, rows: Rows, kv_tokens: float, budget: float) -> Errors:
    """Mean absolute percentage error, percent; None where there is no row.

    overall, decode, prefill and mixed are over all rows; feasible over those whose context fits the
    card's KV cache and whose tokens fit the budget; usual over feasible iterations of chat.
    """
    off = np.abs(step_ms(step, rows) / rows.ms - 1) * 100
    feasible = rows.fit_in(kv_tokens, budget)
    masks = {"overall": np.ones_like(feasible), **rows.kinds()}
    masks |= {"feasible": feasible, "usual": feasible & rows.usual()}
    return {name: float(off[m].mean()) if m.any() else None for name, m in masks.items()}


def kind_weights(rows: Rows, kv_tokens: float, budget: float) -> Floats:
    """Weight of each row: shares by kind, more for what serving meets, less for what cannot be."""
    feasible = rows.fit_in(kv_tokens, budget)
    one = np.where(feasible, np.where(rows.usual(), _USUAL, 1.0), _OUTSIDE)
    weights = np.zeros_like(one)
    for kind, mask in rows.kinds().items():
        if mask.any():
            weights[mask] = _SHARES[kind] * one[mask] / one[mask].sum()
    return np.asarray(weights / weights.sum(), np.float64)
