"""Sections of the stages that read the rows: frontier, ablation, drift, report."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from pipeline.params._loadtest import STEADY
from pipeline.params._section import Positive, Section, Share, refuse_unknown

__all__ = [
    "AblationParams",
    "AlarmParams",
    "BoundParams",
    "BreakPointParams",
    "ClaimParams",
    "ContrastParams",
    "DriftParams",
    "FamilyParams",
    "FrontierParams",
    "LimitParams",
    "PlaceboParams",
    "PublishedParams",
    "RangeParams",
    "ReportParams",
]


Arms = Annotated[tuple[str, ...], Field(min_length=1, strict=False)]


class RangeParams(Section):
    """Worst and best value of an axis: what 0 and 1 mean on it."""

    worst: float = Field(allow_inf_nan=False)
    best: float = Field(allow_inf_nan=False)

    @model_validator(mode="after")
    def _two_ends(self) -> Self:
        if self.worst == self.best:
            raise ValueError("worst and best are equal")
        return self


class BoundParams(Section):
    """The box that hypervolume and areas are a share of; `worst` is the reference point."""

    quality: RangeParams
    e2e_s: RangeParams
    cost_usd: RangeParams

    @model_validator(mode="after")
    def _the_right_way(self) -> Self:
        if self.quality.worst > self.quality.best:
            raise ValueError("quality: worst must be below best")
        for name in ("e2e_s", "cost_usd"):
            if getattr(self, name).worst < getattr(self, name).best:
                raise ValueError(f"{name}: worst must be above best")
        return self


class LimitParams(Section):
    """What a good request keeps, from the scheduled time; limits that are null do not count."""

    ttft_s: Positive | None = None
    tpot_s: Positive | None = None
    e2e_s: Positive | None = None


class FrontierParams(Section):
    """Operating points, the systems they belong to, and how frontiers are measured."""

    level: float = Field(gt=0.5, lt=1)
    resamples: int = Field(ge=200)
    baseline: str = Field(description="arm that every other arm is compared with")
    systems: dict[str, Arms] = Field(
        min_length=1, description="arms that are one system at different knobs"
    )
    tuning: str | None = Field(
        default=None, description="traffic on the validation split where knobs are chosen"
    )
    bounds: BoundParams
    limits: LimitParams = LimitParams()
    iso_cost_usd: tuple[Positive, ...] = Field(
        default=(), strict=False, description="costs at which quality is read off a frontier"
    )
    iso_quality: tuple[Share, ...] = Field(
        default=(), strict=False, description="qualities at which cost is read off a frontier"
    )


Metric = Literal["e2e_s", "e2e_p95_s", "ttft_s", "quality", "cost_usd", "utility"]
Kind = Literal["superior", "noninferior", "equivalent"]


class ContrastParams(Section):
    """A claim about two arms on one metric, and the margin that decides it.

    superior: `better` beats `worse` by more than the margin. noninferior: it is not worse by more
    than the margin. equivalent: they differ by less than the margin, either way.
    """

    better: str
    worse: str
    metric: Metric
    margin: float = Field(ge=0, allow_inf_nan=False, description="in the metric's unit")
    kind: Kind = "superior"
    family: str | None = Field(default=None, description="one of families; the first by default")
    traffic: str = STEADY
    rates: tuple[Positive, ...] | None = Field(
        default=None, strict=False, description="of the traffic; all by default"
    )

    @model_validator(mode="after")
    def _is_a_claim(self) -> Self:
        if self.better == self.worse:
            raise ValueError("a contrast needs two different arms")
        if self.kind != "superior" and self.margin == 0:
            raise ValueError(f"a {self.kind} contrast needs a margin above 0")
        return self


class FamilyParams(Section):
    """Contrasts that answer one question, and how their number is corrected for."""

    question: str = Field(min_length=1)
    correction: Literal["holm", "benjamini_hochberg", "none"]


class PlaceboParams(Section):
    """An arm that should do exactly what another does; what it shows is the floor of the rig."""

    arm: str
    of: str


class AblationParams(Section):
    """The rule, declared before the run: families, contrasts, margins, correction, power."""

    level: float = Field(gt=0.5, lt=1)
    resamples: int = Field(ge=200)
    power: float = Field(default=0.8, gt=0.5, lt=1, description="of the minimum detectable effect")
    utility: str = Field(description="weights preset that the metric utility is made with")
    placebo: PlaceboParams | None = None
    families: dict[str, FamilyParams] = Field(min_length=1)
    contrasts: dict[str, ContrastParams] = Field(min_length=1)

    @model_validator(mode="after")
    def _families_exist(self) -> Self:
        named = [one.family for one in self.contrasts.values() if one.family is not None]
        refuse_unknown("family in ablation.contrasts", named, list(self.families))
        return self


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


class AlarmParams(Section):
    """When the stream of a predictor's errors is told to have changed."""

    predictors: tuple[Literal["quality", "length", "ttft", "tpot", "e2e"], ...] = Field(
        min_length=1, strict=False
    )
    false_alarm: float = Field(
        gt=0, lt=0.5, description="chance that an alarm ever sounds where nothing changed"
    )


class BreakPointParams(Section):
    """How much a dose of error takes away until a simple baseline is as good.

    Every arm of `doses` is `fused` with one thing spoiled; its dose is read off its declaration.
    """

    traffic: str = STEADY
    rate: float = Field(gt=0)
    fused: str
    baselines: Arms
    doses: dict[Literal["quality", "length", "latency", "age"], Arms]


class DriftParams(Section):
    """Predictor error under load, alarms, and how much error the fused decision bears."""

    level: float = Field(gt=0.5, lt=1, description="level of the intervals")
    resamples: int = Field(default=2000, ge=200)
    alarm: AlarmParams
    break_point: BreakPointParams | None = None


class ReportParams(Section):
    """The page."""

    title: str = Field(min_length=1)
