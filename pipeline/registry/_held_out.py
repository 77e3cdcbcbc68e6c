"""The test rows of the present data, and what a predictor answers on them."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.errors import DataError
from pipeline.params import Params
from pipeline.predictors import (
    TARGETS,
    LatencyModel,
    LengthModel,
    Prompts,
    QualityModel,
    labelled,
)
from pipeline.registry._latency_bounds import latency_bounds
from pipeline.registry._losses import latency_losses, length_losses, quality_losses
from pipeline.registry._units import with_units
from pipeline.rows import DATASET, EMBEDDINGS, PROFILE, PROMPTS
from pipeline.schema import read_rows
from pipeline.stage import Paths

__all__ = ["LABELS", "HeldOut", "held_out", "losses_of", "names_of"]

Floats = NDArray[np.float64]
Model = QualityModel | LengthModel | LatencyModel

LABELS = {"quality": "quality", "length": "output_tokens"}


@dataclass(frozen=True)
class HeldOut:
    """n rows that no training of the present data uses.

    Attributes:
        units: n clusters of `with_units`.
        names: the C models that the truth is known of; the tiers, for latency.
        values: truth, (n, C) by model; (n, targets) for latency. NaN where unknown.
        prompts: inputs of quality and length.
        states: inputs of latency, PROFILE rows.
    """

    units: list[str]
    names: list[str]
    values: Floats
    prompts: Prompts | None = None
    states: pl.DataFrame | None = None

    def without(self, seen: set[str]) -> "HeldOut":
        """The rows whose unit is none of these."""
        return self._take(np.array([unit not in seen for unit in self.units], dtype=bool))

    def of_tiers(self, tiers: list[str]) -> "HeldOut":
        """The rows of these tiers."""
        assert self.states is not None
        return replace(
            self._take(self.states["tier"].is_in(tiers).to_numpy().astype(bool)), names=tiers
        )

    def _take(self, kept: NDArray[np.bool_]) -> "HeldOut":
        return HeldOut(
            [unit for unit, keep in zip(self.units, kept, strict=True) if keep],
            self.names,
            self.values[kept],
            None if self.prompts is None else self.prompts.take(np.flatnonzero(kept)),
            None if self.states is None else self.states.filter(pl.Series(kept)),
        )


def held_out(kind: str, params: Params, paths: type[Paths]) -> HeldOut:
    """Read the test rows of one predictor.

    Raises:
        SchemaError, DataError: a file of an earlier stage is absent or unusable.
    """
    if kind == "latency":
        return _states(read_rows(paths.PROFILE, PROFILE), list(params.base.fleet.tiers))
    models = params.base.fleet.models
    found = labelled(
        read_rows(paths.DATASET, DATASET),
        read_rows(paths.EMBEDDINGS, EMBEDDINGS),
        read_rows(paths.PROMPTS, PROMPTS),
        LABELS[kind],
        models,
        "test",
    )
    return HeldOut(found.group_ids, models, found.values, prompts=found.prompts)


def _states(profile: pl.DataFrame, tiers: list[str]) -> HeldOut:
    rows = with_units("latency", profile.filter(pl.col("part") == "test"))
    rows = rows.filter(pl.col("tier").is_in(tiers))
    if not rows.height:
        raise DataError("the profile has no test runs of these tiers; run `dvc repro profile`")
    seconds = rows.select(pl.col(TARGETS).fill_null(np.nan)).to_numpy().astype(np.float64)
    return HeldOut(rows["unit"].to_list(), tiers, seconds, states=rows)


def names_of(model: Model) -> list[str]:
    """The models that a predictor knows; the tiers, for latency."""
    return list(model.learners_) if isinstance(model, LatencyModel) else list(model.models_)


def losses_of(model: Model, rows: HeldOut, names: list[str]) -> dict[str, Floats]:
    """Losses by metric, (n,) each, of the answers for these models or tiers.

    Args:
        model: the predictor.
        rows: of the tiers that are named, for latency.
        names: models or tiers that it knows and that the rows have.
    """
    if isinstance(model, LatencyModel):
        assert rows.states is not None
        told = latency_bounds(model, rows.states)
        return latency_losses(rows.values, told[:, :, 0], told[:, :, 1], told[:, :, 2])
    assert rows.prompts is not None
    truth = rows.values[:, [rows.names.index(name) for name in names]]
    columns = [model.models_.index(name) for name in names]
    told_: Any = model.predict(rows.prompts)
    if isinstance(model, QualityModel):
        return quality_losses(truth, told_.mean[:, columns])
    values = told_.distribution.values[:, columns]
    distribution = replace(told_.distribution, values=values)
    return length_losses(
        truth, replace(told_, mean=told_.mean[:, columns], distribution=distribution)
    )
