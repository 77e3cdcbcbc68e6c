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
    JudgeParams,
    PromptsParams,
)
from pipeline.params._fleet import FleetParams
from pipeline.params._loadtest import BEST_SINGLE, STEADY, LoadtestParams
from pipeline.params._models import (
    FidelityParams,
    LatencyParams,
    LengthParams,
    ProfileParams,
    QualityParams,
    RegisterParams,
    RoutersParams,
)
from pipeline.params._reading import read_mapping, sentence
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
    def _names_agree(self) -> Self:
        arms = list(self.loadtest.shape(STEADY).arms)
        refuse_unknown("arm in frontier.baseline", [self.frontier.baseline], arms)
        for contrast in self.ablation.contrasts.values():
            named = [contrast.better, contrast.worse]
            refuse_unknown("arm in ablation.contrasts", named, arms)
        for name, claim in self.published.claims.items():
            where = f"published.claims.{name}"
            shapes = [STEADY, *self.loadtest.traffic]
            refuse_unknown(f"traffic in {where}", [claim.traffic], shapes)
            shape = self.loadtest.shape(claim.traffic)
            refuse_unknown(f"arm in {where}", [claim.faster, claim.slower], list(shape.arms))
            if claim.rate not in shape.rates:
                rates = ", ".join(f"{rate:g}" for rate in shape.rates)
                raise ValueError(f"{where}: {claim.traffic} has the rates {rates}")
        singles = [arm.model for arm in self.loadtest.arms.values() if arm.model is not None]
        refuse_unknown("model in loadtest.arms", singles, [BEST_SINGLE, *self.base.fleet.models])
        if self.collect.source == "recorded" and self.prompts.source != "files":
            raise ValueError("collect.source 'recorded' needs prompts.source 'files'")
        return self


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
