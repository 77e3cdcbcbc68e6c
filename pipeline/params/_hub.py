"""Sections of prompts that come from public sets, by name or from a local copy of their files."""

from typing import Literal, Self

from pydantic import Field, model_validator

from pipeline.params._section import Count, Positive, Section, refuse_unknown

__all__ = ["HUB_SETS", "HubParams", "HubSetParams", "ScoredParams"]

# Sets that pipeline.workload.hub can read.
HUB_SETS = (
    "beaver_tails",
    "code_ultra_feedback",
    "gsm8k",
    "lmsys_chat_1m",
    "mix_instruct",
    "reward_bench",
    "squad",
)

_OF_THE_HUB = "is a version on the hub, and mirror reads local files; one of them must be null"


class HubSetParams(Section):
    """How much of one set, and which version of it."""

    weight: Positive = Field(default=1.0, description="its share of the total, beside the others'")
    floor: int = Field(default=0, ge=0, description="at least so many prompts")
    cap: Count | None = Field(default=None, description="at most so many prompts")
    revision: str | None = Field(default=None, description="branch, tag or commit on the hub")

    @model_validator(mode="after")
    def _floor_below_cap(self) -> Self:
        if self.cap is not None and self.floor > self.cap:
            raise ValueError(f"floor {self.floor} is above cap {self.cap}")
        return self


class HubParams(Section):
    """Which public sets, how many prompts in all, and what to do without one of them."""

    sets: tuple[str, ...] = Field(min_length=1, strict=False)
    total: Count = Field(description="prompts of all sets together")
    per_set: dict[str, HubSetParams]
    max_prompt_tokens: Count = Field(description="longer prompts are left out, and counted")
    on_unavailable: Literal["fail", "skip"] = Field(description="when a set cannot be read")
    mirror: str | None = Field(description="folder with a folder of files per set; null: the hub")

    @model_validator(mode="after")
    def _sets_fit(self) -> Self:
        refuse_unknown("set", list(self.sets), list(HUB_SETS))
        refuse_unknown("set in per_set", list(self.per_set), list(self.sets))
        if len(set(self.sets)) < len(self.sets):
            raise ValueError("a set is named twice")
        dated = [name for name, one in self.per_set.items() if one.revision is not None]
        if dated and self.mirror is not None:
            raise ValueError(f"per_set.{dated[0]}.revision {_OF_THE_HUB}")
        floors = sum(one.floor for one in self.per_set.values())
        if floors > self.total:
            raise ValueError(f"the floors add up to {floors}, above the total of {self.total}")
        return self

    def of(self, name: str) -> HubSetParams:
        """What is said of one set; the defaults where nothing is."""
        return self.per_set.get(name, HubSetParams())


class ScoredParams(Section):
    """The published set of prompts with answers of four models and their scores."""

    splits: tuple[str, ...] = Field(min_length=1, strict=False)
    judge: str = Field(min_length=1, description="whose scores are the recorded labels")
    scale: Positive = Field(description="what that judge gives at best; labels are divided by it")
    revision: str | None = Field(description="branch, tag or commit on the hub")
    mirror: str | None = Field(description="folder with SPLIT.jsonl or .parquet; null: the hub")

    @model_validator(mode="after")
    def _mirror_has_no_revision(self) -> Self:
        if self.mirror is not None and self.revision is not None:
            raise ValueError(f"revision {_OF_THE_HUB}")
        return self
