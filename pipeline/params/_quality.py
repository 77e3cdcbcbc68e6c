"""Section of the stage that learns the quality of every model's answer."""

from typing import Literal, Self, get_args

from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from pipeline.params._section import Count, Positive, Section, refuse_unknown

__all__ = ["QualityParams"]

_References = Literal["dataset_mean"]
_Learners = Literal[
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
]


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


class QualityParams(Section):
    """Candidates for the quality of every model's answer, and which of them serves."""

    learner: str = Field(
        description="auto is chosen on the validation split by what routing needs; or a name"
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

    @property
    def candidates(self) -> tuple[str, ...]:
        """Names of those that compete, the reference first."""
        learned = [name for name in get_args(_Learners) if getattr(self, name) is not None]
        return (*get_args(_References), *learned)

    @field_validator("learner")
    @classmethod
    def _declared(cls, name: str) -> str:
        refuse_unknown("quality learner", [name], ["auto", *get_args(_Learners)])
        return name

    @model_validator(mode="after")
    def _competes(self) -> Self:
        if self.learner != "auto" and self.learner not in self.candidates:
            raise PydanticCustomError(
                "absent_candidate",
                "learner {name} has no options below it; null does not compete",
                {"name": repr(self.learner)},
            )
        single = [name for name in self.candidates[1:] if name != "blend"]
        if self.blend is not None:
            refuse_unknown("part of the blend", list(self.blend.parts), single)
        return self
