"""Section of the stage that learns the latency of every tier."""

from typing import Literal, Self, get_args

from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from pipeline.params._section import Count, Positive, Section, Share, refuse_unknown

__all__ = [
    "LatencyParams",
    "LinearLatencyParams",
    "TreesParams",
]

_References = Literal["tier_constant", "static", "analytic"]
_Learners = Literal["linear", "xgboost", "quantile_xgboost"]
_LEVELS = (0.5, 0.8, 0.9, 0.98)


class LinearLatencyParams(Section):
    """Ridge regression of log seconds on log(1 + feature)."""

    alpha: Positive = Field(description="penalty on the weights of standardised features")


class TreesParams(Section):
    """Boosted trees of log seconds."""

    rounds: Count
    max_depth: int = Field(ge=1, le=16)
    learning_rate: float = Field(gt=0, le=1)
    min_child_weight: Positive
    subsample: Share
    max_bin: int = Field(ge=2, description="steps of a feature at which it may split")

    def options(self) -> dict[str, float | int]:
        """What XGBoost calls its parameters."""
        return self.model_dump(exclude={"rounds"})


class LatencyParams(Section):
    """Candidates for the TTFT and TPOT of every tier, and which of them serves."""

    learner: str = Field(
        description="of all tiers: auto is the least pinball loss, as served, on the validation "
        "runs; or the name of a candidate"
    )
    level: float = Field(description="coverage of the bounds; quantiles at both ends are learned")
    linear: LinearLatencyParams | None = Field(description="null: it does not compete")
    xgboost: TreesParams | None
    quantile_xgboost: TreesParams | None

    @property
    def candidates(self) -> tuple[str, ...]:
        """Names of those that compete; the three that need no options always do."""
        learned = [name for name in get_args(_Learners) if getattr(self, name) is not None]
        return (*get_args(_References), *learned)

    @field_validator("learner")
    @classmethod
    def _declared(cls, name: str) -> str:
        known = ["auto", *get_args(_References), *get_args(_Learners)]
        refuse_unknown("latency learner", [name], known)
        return name

    @field_validator("level")
    @classmethod
    def _between_quantiles(cls, level: float) -> float:
        if level not in _LEVELS:
            accepted = ", ".join(map(str, _LEVELS))
            raise PydanticCustomError("level", "accepted are {levels}", {"levels": accepted})
        return level

    @model_validator(mode="after")
    def _competes(self) -> Self:
        if self.learner != "auto" and self.learner not in self.candidates:
            raise PydanticCustomError(
                "absent_candidate",
                "learner {name} has no options below it; null does not compete",
                {"name": repr(self.learner)},
            )
        return self
