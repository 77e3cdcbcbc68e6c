"""The ways in which a tier can give the time of an iteration.

P: prefill tokens of the iteration; D: sequences that decode; N = P + D; S: context tokens of the
decoding sequences; Q: sum over prefill chunks of chunk * (computed before + chunk / 2).
"""

from typing import Any, Self

from pydantic import Field, field_validator, model_validator

from pipeline.params._architecture import ARCHITECTURES, ArchitectureParams
from pipeline.params._hardware import HARDWARE, HardwareParams
from pipeline.params._section import Positive, Section, refuse_unknown

__all__ = [
    "AnyStep",
    "CurveStepParams",
    "EstimateParams",
    "SimpleStepParams",
    "StepParams",
    "step_form",
]


class StepParams(Section):
    """Roofline: t = max(w + c*N, e + f*N) + d*S + q*Q, milliseconds."""

    w: Positive = Field(description="ms to read the weights")
    c: float = Field(ge=0, allow_inf_nan=False, description="ms per token while reading dominates")
    e: float = Field(ge=0, allow_inf_nan=False, description="ms fixed while computing dominates")
    f: Positive = Field(description="ms per token while computing dominates")
    d: float = Field(ge=0, allow_inf_nan=False, description="ms per context token when decoding")
    q: float = Field(ge=0, allow_inf_nan=False, description="ms per unit of prefill attention")


class SimpleStepParams(Section):
    """Simple: t = a + b*P + c*D + d*S, milliseconds."""

    a: Positive = Field(description="ms of every iteration")
    b: float = Field(ge=0, allow_inf_nan=False, description="ms per prefill token")
    c: float = Field(ge=0, allow_inf_nan=False, description="ms per decoding sequence")
    d: float = Field(ge=0, allow_inf_nan=False, description="ms per context token when decoding")


class CurveStepParams(Section):
    """Curve: the dense operators point by point, and attention; see pipeline.fleet.StepTime."""

    knots: tuple[float, ...] = Field(min_length=1, strict=False, description="tokens, ascending")
    curve: tuple[Positive, ...] = Field(min_length=1, strict=False, description="ms at the knots")
    tail: float = Field(ge=0, allow_inf_nan=False, description="ms per token after the last knot")
    p: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    c: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    d: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    q: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    c_mixed: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    d_mixed: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    walk: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    b: float = Field(default=0.0, allow_inf_nan=False)

    @model_validator(mode="after")
    def _curve_stands_on_knots(self) -> Self:
        if len(self.knots) != len(self.curve):
            raise ValueError(f"{len(self.knots)} knots and {len(self.curve)} values of the curve")
        if any(right <= left for left, right in zip(self.knots, self.knots[1:], strict=False)):
            raise ValueError("knots must ascend")
        if not self.knots[0] >= 0:
            raise ValueError("knots are tokens, from 0 on")
        if min(self.curve) + self.b <= 0:
            raise ValueError(
                "b takes more than the curve has, so some iteration would take no time"
            )
        return self


AnyStep = StepParams | SimpleStepParams | CurveStepParams
_FORMS: tuple[type[AnyStep], ...] = (StepParams, SimpleStepParams, CurveStepParams)


def step_form(value: object) -> type[AnyStep]:
    """Return the form that most of the keys belong to, so that a wrong one is named in its form."""
    keys = set(value) if isinstance(value, dict) else set()
    return max(_FORMS, key=lambda form: len(keys & set(form.model_fields)))


class EstimateParams(Section):
    """Hardware and architecture by name, or in numbers; the tier's `gpus` share the model."""

    hardware: HardwareParams
    architecture: ArchitectureParams

    @field_validator("hardware", mode="before")
    @classmethod
    def _known_hardware(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        refuse_unknown("hardware", [value], list(HARDWARE))
        return HARDWARE[value]

    @field_validator("architecture", mode="before")
    @classmethod
    def _known_architecture(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        refuse_unknown("architecture", [value], list(ARCHITECTURES))
        return ARCHITECTURES[value]
