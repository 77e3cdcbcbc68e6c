"""Section of the stage that learns the quality of every model's answer."""

from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from pipeline.params._candidates import CandidatesSection
from pipeline.params._section import Count, Positive, Section, refuse_unknown

__all__ = ["QualityParams"]


class QualityKnnParams(Section):
    """Labels of the nearest training prompts."""

    k: Count


class RidgeParams(Section):
    """A linear function of embedding and surface for each model."""

    alpha: Positive = Field(description="penalty on the squared weights")


class LogisticParams(Section):
    """A logistic function of embedding and surface for each model."""

    strength: Positive = Field(description="C of scikit-learn, the inverse of the penalty")


class KmeansParams(Section):
    """Mean labels of the nearest clusters of prompts."""

    clusters: Count = Field(description="at most, and at most a tenth of the training prompts")
    top_k: Count = Field(description="clusters that a prompt looks at")
    beta: Positive = Field(description="sharpness of their weights")
    prior: Positive = Field(description="prompts of average quality that are added to a cluster")


class LowRankParams(Section):
    """Traits of a prompt that all models meet, each in its way."""

    rank: Count
    penalty: Positive = Field(description="on the traits")
    alpha: Positive = Field(description="penalty of their regression on the prompt")


class KernelParams(Section):
    """Gaussian kernel ridge regression."""

    gamma: Positive
    alpha: Positive
    landmarks: Count = Field(description="prompts that are remembered, at most")


class QualityTreesParams(Section):
    """Boosted trees on directions of the embedding and on the surface, one ensemble per model."""

    rounds: Count
    max_depth: int = Field(ge=1, le=16)
    learning_rate: float = Field(gt=0, le=1)
    directions: Count = Field(description="principal components of the embedding")


class QualityHeadParams(Section):
    """One network for all models over the frozen encoder."""

    width: Count = Field(description="of both hidden layers")
    steps: Count = Field(description="of gradient descent")
    dropout: float = Field(ge=0, lt=1)
    learning_rate: Positive
    nets: Count = Field(description="of other seeds, averaged")


class TunedHeadParams(Section):
    """The encoder trained together with an output per model."""

    epochs: Count
    learning_rate: Positive = Field(description="of the encoder")


class BlendParams(Section):
    """The mean of other candidates."""

    parts: tuple[str, ...] = Field(min_length=2, strict=False, description="names of candidates")


class QualityParams(CandidatesSection):
    """Candidates for the quality of every model's answer, and which of them serves.

    `auto` is selected on the validation split by what routing needs. The per-dataset mean needs
    what a request does not carry, so it never serves.
    """

    kind: ClassVar[str] = "quality"
    always: ClassVar[tuple[str, ...]] = ("dataset_mean",)
    may_serve: ClassVar[tuple[str, ...]] = ()
    learned: ClassVar[tuple[str, ...]] = (
        "knn",
        "knn_wide",
        "ridge",
        "logistic",
        "kmeans",
        "low_rank",
        "kernel",
        "xgboost",
        "torch_head",
        "tuned_head",
        "blend",
    )

    level: float = Field(gt=0, lt=1, description="level of the printed bounds")
    calibration: Literal["auto", "pooled", "platt", "beta", "isotonic"] = Field(
        description="auto takes per model what is best in cross-validation"
    )
    knn: QualityKnnParams | None = Field(description="null: it does not compete")
    knn_wide: QualityKnnParams | None
    ridge: RidgeParams | None
    logistic: LogisticParams | None
    kmeans: KmeansParams | None
    low_rank: LowRankParams | None
    kernel: KernelParams | None
    xgboost: QualityTreesParams | None
    torch_head: QualityHeadParams | None
    tuned_head: TunedHeadParams | None
    blend: BlendParams | None

    @model_validator(mode="after")
    def _parts_compete(self) -> Self:
        if self.blend is not None:
            single = [n for n in self.candidates if n not in (*self.always, "blend")]
            refuse_unknown("part of the blend", list(self.blend.parts), single)
        return self
