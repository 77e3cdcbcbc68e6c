"""Section of the registry: where it is, and what a predictor must show to become the champion."""

import re
from typing import Self

from pydantic import Field, field_validator, model_validator

from pipeline.params._section import Positive, Section, refuse_unknown

__all__ = [
    "LOSSES",
    "SERVED_METRICS",
    "GateParams",
    "GuardParams",
    "PromotionParams",
    "RegisterParams",
    "ServedParams",
    "TargetParams",
]

# What a gate can look at, by predictor; pipeline.registry says how each is computed and its unit.
LOSSES = {
    "quality": ("regret", "brier", "log_loss"),
    "length": ("pinball", "absolute_error", "miss", "width"),
    "latency": ("log_error", "miss", "width"),
}
SERVED_METRICS = ("quality", "utility", "cost_usd", "e2e_s", "e2e_p95_s", "ttft_s")


class TargetParams(Section):
    """A loss that has to fall by more than the margin."""

    metric: str
    margin: float = Field(default=0.0, ge=0, allow_inf_nan=False, description="in its unit")


class GuardParams(Section):
    """A number that may not get worse by the margin."""

    metric: str
    margin: Positive = Field(description="in its unit")


class GateParams(Section):
    """What a challenger has to show against the champion on the test split."""

    target: TargetParams
    guards: tuple[GuardParams, ...] = Field(default=(), strict=False)


class ServedParams(Section):
    """Simulated load tests of both, where a promotion asks for them: guards alone."""

    arm: str
    rate: Positive
    seeds: tuple[int, ...] = Field(min_length=2, strict=False)
    guards: tuple[GuardParams, ...] = Field(min_length=1, strict=False)


class PromotionParams(Section):
    """The rule of promotion, declared before anything is compared."""

    level: float = Field(gt=0.5, lt=1, description="of the intervals")
    resamples: int = Field(ge=200)
    quality: GateParams
    length: GateParams
    latency: GateParams
    served: ServedParams

    @model_validator(mode="after")
    def _metrics_exist(self) -> Self:
        for kind, known in LOSSES.items():
            gate = self.of(kind)
            refuse_unknown(f"metric in {kind}.target", [gate.target.metric], list(known))
            named = [guard.metric for guard in gate.guards]
            refuse_unknown(f"metric in {kind}.guards", named, list(known))
        named = [guard.metric for guard in self.served.guards]
        refuse_unknown("metric in served.guards", named, list(SERVED_METRICS))
        return self

    def of(self, kind: str) -> GateParams:
        """The gate of quality, length or latency."""
        found: GateParams = getattr(self, kind)
        return found


class RegisterParams(Section):
    """Where the registry is, what the models are called there, and who becomes the champion."""

    tracking_uri: str = Field(min_length=1, description="any store or server of MLflow")
    experiment: str = Field(min_length=1)
    prefix: str = Field(min_length=1, pattern=r"^[A-Za-z0-9_.-]+$")
    gate: PromotionParams

    @field_validator("tracking_uri")
    @classmethod
    def _holds_no_password(cls, value: str) -> str:
        if re.search(r"//[^/]*@", value):
            raise ValueError(
                "an address with a user or a password is refused; MLFLOW_TRACKING_USERNAME and "
                "MLFLOW_TRACKING_PASSWORD hold those of a server, MLFLOW_TRACKING_URI any address"
            )
        return value
