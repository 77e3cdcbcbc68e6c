"""Which instances may serve a request: calibrated probabilities, relaxed monotonically."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.params import FilterParams

__all__ = ["CONSTRAINTS", "Objectives", "Passed", "relax"]

Floats = NDArray[np.float64]

# Rows of the certainties that `relax` takes.
CONSTRAINTS = ("ttft", "tpot", "budget", "quality")


@dataclass(frozen=True)
class Objectives:
    """What n requests ask for, each (n,); inf, or 0 for the floor, where one asks for nothing.

    TTFT and TPOT in s, TTFT from the scheduled time; the budget in USD; the quality in 0..1.
    """

    ttft_s: Floats
    tpot_s: Floats
    budget_usd: Floats
    quality_floor: Floats

    @classmethod
    def none(cls, n: int) -> "Objectives":
        """Nobody asks for anything."""
        return cls(np.full(n, np.inf), np.full(n, np.inf), np.full(n, np.inf), np.zeros(n))


@dataclass(frozen=True, slots=True)
class Passed:
    """Instances that may serve, (I,), and the number of relaxations it took; none if all False."""

    allowed: NDArray[np.bool_]
    relaxations: int


def relax(certainty: Floats, floor: float, params: FilterParams) -> Passed:
    """Apply the thresholds to one request, lowering them one step at a time where nobody passes.

    Args:
        certainty: (4, I) in the order of `CONSTRAINTS`: P(TTFT <= SLO), P(TPOT <= SLO),
            P(cost <= budget), and the predicted quality.
        floor: least quality.
        params: thresholds and mode.

    Round r lowers the thresholds of `params.order` one after another to threshold - r * step (the
    floor likewise), and what was lowered stays lowered: the instances that pass only ever grow in
    number. A constraint that `order` leaves out is never lowered. The loop is in closed form: each
    instance has a first step at which it passes, and those with the earliest step are taken.
    """
    first = _first_step(certainty, floor, params)
    steps = params.rounds * len(params.order) if params.mode == "tiered" else 0
    earliest = first.min()
    if earliest <= steps:
        return Passed(first <= earliest, int(earliest))
    refuse = params.mode == "strict" or (params.mode == "tiered" and params.otherwise == "refuse")
    return Passed(np.full(first.shape, not refuse), steps)


def _first_step(certainty: Floats, floor: float, params: FilterParams) -> Floats:
    """Number of lowerings until an instance meets every threshold, inf for never; (I,)."""
    limits = np.array([params.threshold] * 3 + [floor])[:, None]
    # Rounding must not cost a round: .7 - .1 - .1 is not quite .5.
    rounds = np.ceil(np.maximum(limits - certainty, 0.0) / max(params.step, 1e-12) - 1e-9)
    place = np.array([_place(name, params) for name in CONSTRAINTS])[:, None]
    steps = np.where(rounds > 0, (rounds - 1) * len(params.order) + place, 0.0)
    earliest: Floats = np.where(rounds > params.rounds, np.inf, steps).max(axis=0)
    return earliest


def _place(name: str, params: FilterParams) -> float:
    """1 for the constraint that is lowered first; inf for one that is not lowered."""
    named: tuple[str, ...] = params.order
    return named.index(name) + 1.0 if name in named else np.inf
