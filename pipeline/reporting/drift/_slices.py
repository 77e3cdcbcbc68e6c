"""The slices that errors are told in, and the arms that stand for a predictor in them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import cast

import polars as pl

from pipeline.params import ArmParams
from pipeline.reporting.drift._beliefs import OVER_PROMPTS, OVER_RUNS
from pipeline.reporting.rows import in_cells, joined_labels

__all__ = ["Slice", "slices", "standing_for"]


@dataclass(frozen=True)
class Slice:
    """Rows of one arm, tier or model, in one traffic, before or after its change, at one rate."""

    traffic: str
    changed: bool
    slice: str
    name: str
    rate: float
    rows: pl.DataFrame

    @property
    def key(self) -> tuple[str, bool, str, str, float]:
        """What tells it from all other slices."""
        return self.traffic, self.changed, self.slice, self.name, self.rate

    @property
    def where(self) -> dict[str, object]:
        """The columns that place it in a table."""
        names = ("traffic", "changed", "slice", "name", "rate")
        return dict(zip(names, self.key, strict=True)) | {"label": joined_labels(self.rows)}

    def of(self, predictor: str, standing: Mapping[str, frozenset[str]]) -> pl.DataFrame:
        """The rows that tell of a predictor: all of an arm, those of some arms elsewhere."""
        if self.slice == "arm":
            return self.rows
        return self.rows.filter(pl.col("arm").is_in(standing[predictor]))


def slices(rows: pl.DataFrame, *kinds: str) -> Iterator[Slice]:
    """Yield the slices of each kind ("arm", "tier", "model") in sorted order.

    Refused requests had no tier and no model, and are in slices of arms alone.

    Args:
        rows: rows of `with_actuals`.
    """
    for (traffic, changed, rate), cell in in_cells(rows, "traffic", "changed", "rate"):
        for kind in kinds:
            for (name,), part in in_cells(cell.filter(pl.col(kind).is_not_null()), kind):
                where = (str(traffic), bool(changed), kind, str(name), cast(float, rate))
                yield Slice(*where, part)


def standing_for(arms: Mapping[str, ArmParams]) -> dict[str, frozenset[str]]:
    """The arms whose rows tell how good a predictor is, by predictor.

    They hold the beliefs of the trained predictors: nothing was spoiled, the telemetry is the
    router's own, and for times the latency is learned. Arms with priors or with injected error say
    nothing about a predictor; they have rows of their own, by arm.
    """
    sound = {name: arm for name, arm in arms.items() if arm.error is None and arm.telemetry is None}
    learned = frozenset(name for name, arm in sound.items() if arm.latency == "learned")
    return {name: frozenset(sound) for name in OVER_PROMPTS} | dict.fromkeys(OVER_RUNS, learned)
