"""The file of a tier: coefficients, where they come from, and how wrong they were."""

import json
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from pipeline import __version__
from pipeline.errors import DataError
from pipeline.files import write_json
from pipeline.fleet._step import StepTime
from pipeline.params import CurveStepParams
from pipeline.params._reading import sentence
from pipeline.params._section import Count, Section

__all__ = ["TierProfile", "curve_params", "curve_step", "read_profile", "write_profile"]


class TierProfile(Section):
    """A model on a GPU, ready for `profile:` of a tier.

    Attributes:
        label: fitted to tables of operators; live or emulated: to a server that was measured.
        form: the form that was fitted; `step` holds any of them as a curve.
        estimated: parts of `step` that were not measured but follow from data sheets.
        errors: percent on held-out rows, null where there are none. fitted: mean absolute error by
            part; live: signed error of the mean by metric.
        rows: how many rows were used for what, and how many were dropped.
        notes: what was dropped and why, and what the figures leave out.
        sources: SHA-256 by file name of what was fitted.
    """

    schema_version: Literal[1] = 1
    label: Literal["fitted", "live", "emulated"]
    gpu: str = Field(min_length=1)
    model: str = Field(min_length=1)
    tp: Count
    form: str = Field(min_length=1)
    step: CurveStepParams
    estimated: tuple[str, ...] = Field(default=(), strict=False)
    kv_bytes_per_token: Count | None = None
    kv_tokens: int | None = Field(default=None, ge=0, description="estimated from the memory")
    overhead_ms: float | None = Field(
        default=None, ge=0, description="live: what a request spends outside the engine"
    )
    max_num_seqs: Count | None = Field(default=None, description="live: as the server was started")
    max_batched_tokens: Count | None = None
    errors: dict[str, float | None] = Field(default={})
    rows: dict[str, int] = Field(default={})
    notes: tuple[str, ...] = Field(default=(), strict=False)
    sources: dict[str, str] = Field(default={})
    command: str = Field(min_length=1)
    version: str = __version__

    def step_time(self) -> StepTime:
        """The time of an iteration."""
        return curve_step(self.step)


def curve_step(params: CurveStepParams) -> StepTime:
    """Coefficients of the curve form as a step time."""
    return StepTime(**params.model_dump())


def curve_params(step: StepTime) -> CurveStepParams:
    """Any step time as coefficients of the curve form, rounded to nine digits."""
    names = ("tail", "p", "c", "d", "q", "c_mixed", "d_mixed", "walk", "b")
    rates = {name: _rounded(rate) for name, rate in zip(names, step.rates, strict=True)}
    knots, curve = (tuple(map(_rounded, values)) for values in (step.knots, step.curve))
    return CurveStepParams(knots=knots, curve=curve, **rates)


def write_profile(profile: TierProfile, path: Path) -> None:
    """Write a profile as JSON, whole or not at all."""
    write_json(path, profile.model_dump(mode="json"))


def read_profile(path: Path) -> TierProfile:
    """Read a profile back.

    Raises:
        DataError: the file is absent, is not JSON, or holds what no profile holds.
    """
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise DataError(f"{path}: is not the JSON of a tier profile ({error})") from error
    try:
        return TierProfile.model_validate(values)
    except ValidationError as error:
        raise DataError(f"{path}: {sentence(error.errors()[0])}") from None


def _rounded(value: float) -> float:
    return float(f"{value:.9g}")
