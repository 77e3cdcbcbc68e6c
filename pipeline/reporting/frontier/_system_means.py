"""The means of a system's operating points at one rate, read off the cells."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from pipeline.reporting.rows import in_cells

__all__ = ["MOST_IS_BEST", "SystemMeans", "system_means"]

MOST_IS_BEST = frozenset({"quality", "throughput_rps"})


@dataclass(frozen=True)
class SystemMeans:
    """The operating points of one system at one rate.

    Attributes:
        rate: requests/s.
        system: its name.
        means: arm, in declared order, to metric to mean; a metric without a value is absent.
        labels: where the rows of each arm come from.
    """

    rate: float
    system: str
    means: dict[str, dict[str, float]]
    labels: dict[str, str]

    def best(self, metric: str) -> str | None:
        """The arm with the best mean, the first declared among equals; None where none has one."""
        known = {arm: values[metric] for arm, values in self.means.items() if metric in values}
        if not known:
            return None
        pick = max if metric in MOST_IS_BEST else min
        return pick(known, key=lambda arm: known[arm])


def system_means(
    cells: pl.DataFrame, systems: Mapping[str, Sequence[str]]
) -> Iterator[SystemMeans]:
    """Yield the systems of each rate that have rows, in sorted and in declared order.

    Args:
        cells: of `cell_rows`; the complete handling counts.
        systems: arms by system.
    """
    kept = cells.filter((pl.col("handling") == "complete") & pl.col("estimate").is_not_null())
    for (rate,), part in in_cells(kept, "rate"):
        means: dict[str, dict[str, float]] = {}
        for arm, metric, value in part.select("arm", "metric", "estimate").iter_rows():
            means.setdefault(arm, {})[metric] = value
        labels = dict(part.select("arm", "label").iter_rows())
        for system, arms in systems.items():
            there = {arm: means[arm] for arm in arms if arm in means}
            if there:
                yield SystemMeans(float(str(rate)), system, there, labels)
