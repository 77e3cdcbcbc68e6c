"""A/A: one arm under two names through the same protocol; what then differs is noise of the rig."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.errors import DataError
from pipeline.files import content_hash
from pipeline.loadtest._cell import Cell
from pipeline.loadtest.served._front import Front, Served
from pipeline.loadtest.served._order import Order, interleaved
from pipeline.reporting.rows import measured
from pipeline.statistics import (
    Estimate,
    noise_floor,
    paired_replication_interval,
    replication_interval,
)

__all__ = ["TWIN", "Floor", "WithTwins", "floor_lines", "floors", "twinned"]

TWIN = ":aa"
_METRICS = {"e2e_s": "mean E2E, s", "ttft_s": "mean TTFT, s", "quality": "mean quality"}


@dataclass(frozen=True)
class WithTwins:
    """A front at which ARM:aa is ARM under another name."""

    front: Front

    def key(self, cell: Cell) -> str:
        """A twin is a run of its own."""
        own = self.front.key(_declared(cell))
        return content_hash({"twin of": own}) if cell.arm.endswith(TWIN) else own

    def run(self, cell: Cell) -> Served:
        """Run the arm, and name its rows as the cell does."""
        told = self.front.run(_declared(cell))
        named = pl.lit(cell.arm).alias("arm")
        texts = None if told.texts is None else told.texts.with_columns(named)
        return Served(told.rows.with_columns(named), texts)


@dataclass(frozen=True)
class Floor:
    """What two runs of one arm differ by, over the seeds of one rate.

    Attributes:
        rate: requests/s.
        metric: a mean over a run, with its unit.
        difference: ARM less ARM:aa; 0 in truth.
        slot: the run that came first less the one after it, whichever name it had.
        floor: standard deviation of one difference between runs in the same slot; an effect below
            its upper bound may be noise.
    """

    rate: float
    metric: str
    difference: Estimate
    slot: Estimate
    floor: Estimate


def twinned(cells: Sequence[Cell], arm: str | None) -> list[Cell]:
    """The cells with a twin after each of this arm."""
    told: list[Cell] = []
    for cell in cells:
        told.append(cell)
        if cell.arm == arm:
            told.append(replace(cell, arm=arm + TWIN))
    return told


def floors(
    rows: pl.DataFrame,
    cells: Sequence[Cell],
    order: Order,
    seed: int,
    arm: str,
    *,
    level: float = 0.95,
) -> list[Floor]:
    """Return what an arm and its twin differ by, by rate and metric.

    Runs one after the other differ by their slot as well (a machine warms up), which is no noise
    between arms that change places. So the floor is taken from what is left of the differences
    between slots when their mean is gone: rounds are compared with each other, same slot by same
    slot.

    Args:
        rows: REQUESTS rows of both.
        cells, order, seed: what was served, and in which order; see `interleaved`.
        arm: the name without twin.
        level: of the intervals.

    Raises:
        DataError: one of the two lacks a run of the other.
    """
    firsts: dict[tuple[float, int], str] = {}
    for cell in interleaved(cells, order, seed):
        if cell.arm in (arm, arm + TWIN):
            firsts.setdefault((cell.rate, cell.seed), cell.arm)
    view = measured(rows, traffic=None)
    found = []
    for rate in sorted({rate for rate, _ in firsts}):
        ours, twins = (_means(view, name, rate) for name in (arm, arm + TWIN))
        if not ours["seed"].equals(twins["seed"]) or ours.is_empty():
            raise DataError(f"{arm} and {arm}{TWIN} at {rate:g} requests/s have not the same runs")
        ahead = np.array([firsts[rate, seed] == arm for seed in ours["seed"]])
        found += [
            Floor(rate, said, *_compared(ours[name], twins[name], ahead, level))
            for name, said in _METRICS.items()
        ]
    return found


def floor_lines(found: Sequence[Floor]) -> Iterator[str]:
    """Yield the differences of identical arms, for the shell."""
    for one in found:
        yield (
            f"A/A at {one.rate:g} requests/s, {one.metric}: difference {_said(one.difference)}; "
            f"first slot less second {_said(one.slot)}; floor {_said(one.floor)}"
        )


def _compared(
    ours: pl.Series, twins: pl.Series, ahead: NDArray[np.bool_], level: float
) -> tuple[Estimate, Estimate, Estimate]:
    both = ours.is_not_null() & twins.is_not_null()
    known = both.to_numpy()
    a, b = ours.filter(both).to_numpy(), twins.filter(both).to_numpy()
    slots = np.where(ahead[known], a - b, b - a)
    return (
        paired_replication_interval(a, b, level=level),
        replication_interval(slots, level=level),
        noise_floor(_contrasts(slots), level=level),
    )


def _contrasts(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The k - 1 orthonormal contrasts of k values: spread as these are, and free of their mean."""
    if values.size < 2:
        return np.empty(0)
    from scipy.linalg import helmert

    told: NDArray[np.float64] = helmert(values.size) @ values
    return told


def _means(view: pl.DataFrame, arm: str, rate: float) -> pl.DataFrame:
    runs = view.filter((pl.col("arm") == arm) & (pl.col("rate") == rate))
    means: dict[str, Any] = {name: pl.col(name).mean() for name in _METRICS}
    return runs.group_by("seed").agg(**means).sort("seed")


def _declared(cell: Cell) -> Cell:
    return replace(cell, arm=cell.arm.removesuffix(TWIN))


def _said(told: Estimate) -> str:
    if told.estimate is None:
        return f"unknown ({told.method})"
    if told.low is None:
        return f"{told.estimate:.4g} ({told.method})"
    return f"{told.estimate:.4g} [{told.low:.4g}, {told.high:.4g}]"
