"""Section of the stage that learns the latency of every tier."""

from typing import ClassVar

from pydantic import Field

from pipeline.params._candidates import BoundedSection
from pipeline.params._section import Count, Positive, Section, Share

__all__ = [
    "LatencyParams",
    "LinearLatencyParams",
    "TreesParams",
]


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


class LatencyParams(BoundedSection):
    """Candidates for the TTFT and TPOT of every tier, and which of them serves all tiers.

    `auto` is the least pinball loss, as served, on the validation runs.
    """

    kind: ClassVar[str] = "latency"
    always: ClassVar[tuple[str, ...]] = ("tier_constant", "static", "analytic")
    may_serve: ClassVar[tuple[str, ...]] = always
    learned: ClassVar[tuple[str, ...]] = ("linear", "xgboost", "quantile_xgboost")

    linear: LinearLatencyParams | None = Field(description="null: it does not compete")
    xgboost: TreesParams | None
    quantile_xgboost: TreesParams | None
