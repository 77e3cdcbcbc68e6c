"""Sections of the stages that make the data: prompts, collect, judge, dataset, embed."""

from typing import Literal, Self

from pydantic import Field, model_validator

from pipeline.params._section import Count, Positive, Section, Share

__all__ = [
    "CollectParams",
    "DatasetParams",
    "EmbedParams",
    "JudgeParams",
    "LlmJudgeParams",
    "PromptsParams",
    "SplitParams",
]


class PromptsParams(Section):
    """Which prompts: generated here, or files in the schema of data/external/README.md."""

    source: Literal["generated", "files"]
    per_family: int = Field(ge=1, le=5000, description="generated prompts per family")
    datasets: tuple[str, ...] = Field(strict=False, description="datasets taken from files")
    per_dataset: Count | None = Field(description="at most so many prompts per dataset from files")

    @model_validator(mode="after")
    def _files_name_datasets(self) -> Self:
        if self.source == "files" and not self.datasets:
            raise ValueError("source 'files' needs at least one name in datasets")
        return self


class CollectParams(Section):
    """Who answers: emulated models, or recorded responses beside the prompt files."""

    source: Literal["emulated", "recorded"]


class LlmJudgeParams(Section):
    """An OpenAI-compatible endpoint that judges with reference-grounded G-Eval."""

    endpoint: str = Field(pattern=r"^https?://[^\s/]+")
    model: str = Field(min_length=1)
    key_variable: str | None = Field(description="environment variable that holds the key")
    concurrency: Count
    timeout_s: Positive
    attempts: int = Field(ge=1, le=10)
    max_chars: int = Field(ge=100, description="longer texts are cut, marked and counted")


class JudgeParams(Section):
    """Rule metrics always; embedding similarity and a language model on request."""

    similarity: bool
    llm: LlmJudgeParams | None


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
