"""The whole of params.yaml, and how it is read."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from pydantic import Field, ValidationError, model_validator

from pipeline.errors import ParamsError
from pipeline.params._data import (
    CollectParams,
    DatasetParams,
    EmbedParams,
    PromptsParams,
)
from pipeline.params._fleet import FleetParams
from pipeline.params._judge import JudgeParams
from pipeline.params._latency import LatencyParams
from pipeline.params._length import LengthParams
from pipeline.params._loadtest import BEST_SINGLE, STEADY, LoadtestParams
from pipeline.params._models import (
    FidelityParams,
    ProfileParams,
    RoutersParams,
)
from pipeline.params._quality import QualityParams
from pipeline.params._reading import read_mapping, sentence
from pipeline.params._registry import RegisterParams
from pipeline.params._results import (
    AblationParams,
    DriftParams,
    FrontierParams,
    PublishedParams,
    ReportParams,
)
from pipeline.params._section import Section, refuse_unknown

__all__ = ["BaseParams", "Params", "load_params", "parse_params"]


class BaseParams(Section):
    """What several stages share."""

    seed: int = Field(ge=0)
    data_dir: str = Field(min_length=1, description="folder of real data")
    fleet: FleetParams


class Params(Section):
    """params.yaml: one section per stage plus `base`."""

    base: BaseParams
    prompts: PromptsParams
    collect: CollectParams
    judge: JudgeParams
    dataset: DatasetParams
    embed: EmbedParams
    quality: QualityParams
    length: LengthParams
    routers: RoutersParams
    profile: ProfileParams
    latency: LatencyParams
    fidelity: FidelityParams
    register_: RegisterParams = Field(alias="register")
    loadtest: LoadtestParams
    frontier: FrontierParams
    ablation: AblationParams
    published: PublishedParams
    drift: DriftParams
    report: ReportParams

    @model_validator(mode="after")
    def _sources_fit(self) -> Self:
        singles = [arm.model for arm in self.loadtest.arms.values() if arm.model is not None]
        refuse_unknown("model in loadtest.arms", singles, [BEST_SINGLE, *self.base.fleet.models])
        if self.collect.live is not None:
            asked, fleet = list(self.collect.live.models), self.base.fleet.models
            refuse_unknown("model in collect.live.models", asked, fleet)
            refuse_unknown("model without an endpoint in collect.live.models", fleet, asked)
        needs = {"recorded": "files", "scored": "scored"}
        needed = needs.get(self.collect.source, self.prompts.source)
        if self.prompts.source != needed:
            raise ValueError(
                f"collect.source {self.collect.source!r} needs prompts.source {needed!r}"
            )
        return self

    @model_validator(mode="after")
    def _traffic_fits_the_fleet(self) -> Self:
        fleet = self.base.fleet
        for name, shape in self.loadtest.traffic.items():
            broken = [fault.instance for fault in shape.faults]
            where = f"loadtest.traffic.{name}"
            refuse_unknown(f"instance in {where}.faults", broken, fleet.instance_names)
            if shape.change is not None and shape.change.model is not None:
                named = [shape.change.model, str(shape.change.answers_like)]
                refuse_unknown(f"model in {where}.change", named, fleet.models)
        return self

    @model_validator(mode="after")
    def _frontier_has_its_arms(self) -> Self:
        arms = list(self.loadtest.shape(STEADY).arms)
        frontier = self.frontier
        refuse_unknown("arm in frontier.baseline", [frontier.baseline], arms)
        for name, points in frontier.systems.items():
            refuse_unknown(f"arm in frontier.systems.{name}", list(points), arms)
        if frontier.tuning is not None:
            self._known_traffic(frontier.tuning, "frontier.tuning")
            if self.loadtest.shape(frontier.tuning).split != "validation":
                raise ValueError(f"frontier.tuning: {frontier.tuning} is not on split validation")
        return self

    @model_validator(mode="after")
    def _results_have_their_cells(self) -> Self:
        for name, contrast in self.ablation.contrasts.items():
            arms, rates = [contrast.better, contrast.worse], list(contrast.rates or ())
            self._known_cells(f"ablation.contrasts.{name}", contrast.traffic, rates, arms)
        refuse_unknown("preset in ablation.utility", [self.ablation.utility], self._weights)
        if self.ablation.placebo is not None:
            pair = [self.ablation.placebo.arm, self.ablation.placebo.of]
            self._known_cells("ablation.placebo", STEADY, [], pair)
        for name, claim in self.published.claims.items():
            pair = [claim.faster, claim.slower]
            self._known_cells(f"published.claims.{name}", claim.traffic, [claim.rate], pair)
        point = self.drift.break_point
        if point is not None:
            spoiled = [arm for arms in point.doses.values() for arm in arms]
            arms = [point.fused, *point.baselines, *spoiled]
            self._known_cells("drift.break_point", point.traffic, [point.rate], arms)
        return self

    @model_validator(mode="after")
    def _promotion_has_its_arm(self) -> Self:
        arm = self.register_.gate.served.arm
        refuse_unknown("arm in register.gate.served", [arm], list(self.loadtest.arms))
        return self

    @property
    def _weights(self) -> list[str]:
        return list(self.loadtest.weights)

    def _known_traffic(self, traffic: str, where: str) -> None:
        refuse_unknown(f"traffic in {where}", [traffic], [STEADY, *self.loadtest.traffic])

    def _known_cells(self, where: str, traffic: str, rates: list[float], arms: list[str]) -> None:
        """Refuse a result that needs cells which the load test does not run."""
        self._known_traffic(traffic, where)
        shape = self.loadtest.shape(traffic)
        refuse_unknown(f"arm in {where}", arms, list(shape.arms))
        for rate in rates:
            if rate not in shape.rates:
                known = ", ".join(f"{one:g}" for one in shape.rates)
                raise ValueError(f"{where}: {traffic} has the rates {known}")


def parse_params(values: Mapping[str, Any], where: str = "params.yaml") -> Params:
    """Check a nested mapping and return it as frozen typed sections.

    Raises:
        ParamsError: an unknown key or name, a wrong type, or a value out of range; the sentence
            names the key and what is accepted.
    """
    try:
        return Params.model_validate(dict(values))
    except ValidationError as error:
        raise ParamsError(f"{where}: {sentence(error.errors()[0])}") from None


def load_params(path: Path) -> Params:
    """Read and check a params.yaml.

    Raises:
        ParamsError: the file is absent, is not YAML, or does not pass `parse_params`.
    """
    values = read_mapping(path, "sections such as base and prompts")
    return parse_params(values, str(path))
