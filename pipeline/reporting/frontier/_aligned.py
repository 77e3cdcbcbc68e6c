"""The requests of all arms at one rate, matched by (seed, request_id)."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.reporting.rows import in_cells, joined_labels
from pipeline.statistics import paired_columns

__all__ = ["Aligned", "Floats", "aligned"]

Floats = NDArray[np.float64]
_KEY = ["seed", "request_id"]


@dataclass(frozen=True)
class Aligned:
    """Columns of m arms over the n requests that any of them met.

    Attributes:
        rate: requests/s.
        frames: the rows of each arm; arms in sorted order.
        group_ids: (n,) cluster of each request.
        at: (n, m) number of the request among the rows of the arm; -1 where the arm lacks it.
    """

    rate: float
    frames: dict[str, pl.DataFrame]
    group_ids: NDArray[np.object_]
    at: NDArray[np.int64]

    @property
    def arms(self) -> tuple[str, ...]:
        return tuple(self.frames)

    @cached_property
    def labels(self) -> dict[str, str]:
        """Where the rows of each arm come from."""
        return {arm: joined_labels(frame) for arm, frame in self.frames.items()}

    def label(self, arms: tuple[str, ...] | None = None) -> str:
        """Where the rows of some arms come from; of all by default."""
        origins = {self.labels[arm] for arm in arms or self.arms}
        return " + ".join(sorted({one for told in origins for one in told.split(" + ")}))

    def column(self, name: str) -> Floats:
        """Values (n, m) of a column, in its unit; NaN where an arm has none."""
        told = [frame[name].cast(pl.Float64).fill_null(np.nan) for frame in self.frames.values()]
        return self.gathered([one.to_numpy() for one in told])

    def gathered(self, values: list[Floats]) -> Floats:
        """Values (n, m) from one array per arm, in the order of its rows."""
        found = np.full(self.at.shape, np.nan)
        for arm, own in enumerate(values):
            there = self.at[:, arm] >= 0
            found[there, arm] = own[self.at[there, arm]]
        return found

    @cached_property
    def runs(self) -> list[slice]:
        """Where each seed's requests are, in the order of the seeds."""
        seeds = np.fmax.reduce(self.column("seed"), axis=1)
        starts = np.flatnonzero(np.diff(seeds, prepend=np.nan) != 0.0)
        return [
            slice(int(a), int(b)) for a, b in zip(starts, [*starts[1:], seeds.size], strict=True)
        ]

    def per_run(self, name: str) -> list[list[Floats]]:
        """Known values of a column: one list per arm, one array per run; a run may be empty."""
        table = self.column(name)
        return [
            [_known(table[run, arm]) for run in self.runs if (self.at[run, arm] >= 0).any()]
            for arm in range(table.shape[1])
        ]

    def run_means(self, name: str) -> Floats:
        """Mean of a column per run and arm, (r, m); NaN where a run of an arm has no value."""
        table = self.column(name)
        known = [[_known(table[run, arm]) for arm in range(table.shape[1])] for run in self.runs]
        return np.array([[_mean(values) for values in row] for row in known])


def _known(values: Floats) -> Floats:
    found: Floats = values[~np.isnan(values)]
    return found


def _mean(values: Floats) -> float:
    return float(values.mean()) if values.size else float("nan")


def aligned(rows: pl.DataFrame) -> list[Aligned]:
    """Match the arms of each rate; rates and arms in sorted order.

    Args:
        rows: rows of one traffic, as `measured` returns them.
    """
    return [_at_rate(float(str(rate)), part) for (rate,), part in in_cells(rows, "rate")]


def _at_rate(rate: float, part: pl.DataFrame) -> Aligned:
    frames = {
        str(arm): cell.with_columns(pl.int_range(pl.len()).alias("_at"))
        for (arm,), cell in in_cells(part, "arm")
    }
    group_ids, numbers, _ = paired_columns(frames, _KEY, "_at")
    at = np.where(np.isnan(numbers), -1.0, numbers).astype(np.int64)
    return Aligned(rate, frames, group_ids, at)
