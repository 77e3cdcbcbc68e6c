"""Requests that are decided together."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.scheduling._filter import Objectives

__all__ = ["Batch"]


@dataclass(frozen=True)
class Batch:
    """n requests that are decided together.

    Attributes:
        rows: their rows of the estimates, n.
        objectives: what they ask for, (n,) each.
        waited: seconds since each was scheduled, until it will reach an instance, (n,).
        open: which of the I instances each may be sent to at all, (n, I); None where all are.
    """

    rows: list[int]
    objectives: Objectives
    waited: NDArray[np.float64]
    open: NDArray[np.bool_] | None = None

    @classmethod
    def plain(cls, rows: list[int]) -> "Batch":
        """Requests that ask for nothing and have not waited."""
        return cls(rows, Objectives.none(len(rows)), np.zeros(len(rows)))
