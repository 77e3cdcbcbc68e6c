"""Sections of the stages that read the rows: frontier, ablation, drift, report."""

from typing import Literal, Self

from pydantic import Field, model_validator

from pipeline.params._section import Section

__all__ = [
    "AblationParams",
    "ClaimParams",
    "ContrastParams",
    "DriftParams",
    "FrontierParams",
    "PublishedParams",
    "ReportParams",
]


class FrontierParams(Section):
    """Intervals of the operating points."""

    level: float = Field(gt=0.5, lt=1)
    resamples: int = Field(ge=200)
    baseline: str = Field(description="arm that every other arm is compared with")


class ContrastParams(Section):
    """A claim: `better` beats `worse` on the metric by more than the margin."""

    better: str
    worse: str
    metric: Literal["e2e_s", "quality", "cost_usd"]
    margin: float = Field(ge=0, allow_inf_nan=False, description="in the metric's unit")

    @model_validator(mode="after")
    def _two_arms(self) -> Self:
        if self.better == self.worse:
            raise ValueError("a contrast needs two different arms")
        return self


class AblationParams(Section):
    """The confirmatory family, declared before the run."""

    level: float = Field(gt=0.5, lt=1)
    resamples: int = Field(ge=200)
    contrasts: dict[str, ContrastParams] = Field(min_length=1)


class ClaimParams(Section):
    """Who was faster than whom, as published: one traffic of loadtest at one rate."""

    traffic: str
    rate: float = Field(gt=0)
    faster: str
    slower: str
    ratio: float | None = Field(
        default=None, gt=0, description="mean E2E of faster over slower, where it was published"
    )


class PublishedParams(Section):
    """Published orderings, to stand beside ours."""

    level: float = Field(gt=0.5, lt=1)
    claims: dict[str, ClaimParams]


class DriftParams(Section):
    """Predictor error under load."""

    level: float = Field(gt=0.5, lt=1, description="level of the intervals of coverage")


class ReportParams(Section):
    """The page."""

    title: str = Field(min_length=1)
