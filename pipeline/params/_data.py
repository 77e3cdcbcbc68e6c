"""Sections of the stages that make the data: prompts, collect, dataset, embed."""

from typing import Literal, Self

from pydantic import Field, model_validator

from pipeline.params._collect import LiveParams
from pipeline.params._hub import HubParams, ScoredParams
from pipeline.params._section import Count, Section, Share

__all__ = [
    "CollectParams",
    "DatasetParams",
    "EmbedParams",
    "PromptsParams",
    "SplitParams",
]


class PromptsParams(Section):
    """Which prompts: generated here, files of data/external/README.md, or public sets."""

    source: Literal["generated", "files", "hub", "scored"]
    per_family: int = Field(ge=1, le=5000, description="generated prompts per family")
    datasets: tuple[str, ...] = Field(strict=False, description="datasets taken from files")
    per_dataset: Count | None = Field(
        description="at most so many prompts per dataset from files or the scored set"
    )
    hub: HubParams
    scored: ScoredParams

    @model_validator(mode="after")
    def _files_name_datasets(self) -> Self:
        if self.source == "files" and not self.datasets:
            raise ValueError("source 'files' needs at least one name in datasets")
        return self


class CollectParams(Section):
    """Who answers: emulated models, recorded responses of files or of a set, or live endpoints."""

    source: Literal["emulated", "recorded", "scored", "live"]
    live: LiveParams | None

    @model_validator(mode="after")
    def _live_says_whom_to_ask(self) -> Self:
        if self.source == "live" and self.live is None:
            raise ValueError("source 'live' needs live: the models' endpoints and how to sample")
        return self

    @property
    def asked(self) -> LiveParams:
        """Whom a live collection asks.

        Raises:
            ValueError: the section has no live.
        """
        if self.live is None:
            raise ValueError("collect.live is null")
        return self.live


class SplitParams(Section):
    """Shares of the four parts; they add up to 1."""

    train: Share
    calibration: Share
    validation: Share
    test: Share

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        total = self.train + self.calibration + self.validation + self.test
        if abs(total - 1) > 1e-9:
            raise ValueError(f"the four shares add up to {total:g}, not to 1")
        if min(self.train, self.calibration, self.validation, self.test) <= 0:
            raise ValueError("every share must be above 0: each part has a use of its own")
        return self


class DatasetParams(Section):
    """One quality source for the whole run, and the shares of the splits."""

    quality_source: str = Field(min_length=1)
    splits: SplitParams
    near_duplicate_jaccard: float = Field(gt=0, le=1, description="word 3-gram overlap")


class EmbedParams(Section):
    """MiniLM on the CPU."""

    batch_size: Count
    leak_cosine: float = Field(gt=0, le=1, description="closer pairs across splits are reported")
