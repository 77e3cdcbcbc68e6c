"""Section of the stage that learns output lengths."""

from typing import Literal, Self, get_args

from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from pipeline.params._section import Count, Positive, Section, refuse_unknown

__all__ = ["LengthParams"]

_References = Literal["model_mean"]
_Learners = Literal["knn", "quantile_xgboost", "buckets", "quantile_head"]
_LEVELS = (0.5, 0.8, 0.9, 0.98)


class LengthKnnParams(Section):
    """Lengths of the nearest training prompts."""

    k: Count


class LengthTreesParams(Section):
    """Boosted trees of the quantiles of log tokens, one ensemble per model."""

    components: Count = Field(description="principal components of the embedding")
    rounds: Count
    max_depth: int = Field(ge=1, le=16)
    learning_rate: float = Field(gt=0, le=1)


class LengthBucketsParams(Section):
    """A network that says into which bucket of tokens the length falls."""

    buckets: int = Field(ge=2)
    bucket_tokens: Count | None = Field(description="width; null: buckets of equal mass per model")
    width: Count = Field(description="of the hidden layers")
    steps: Count = Field(description="of gradient descent")


class LengthHeadParams(Section):
    """A network over embedding, surface and words that says every quantile for every model."""

    words: int = Field(ge=0, description="dimensions of the words' latent semantic space")
    width: Count = Field(description="of the hidden layers")
    steps: Count = Field(description="of gradient descent")
    dropout: float = Field(ge=0, lt=1)
    learning_rate: Positive
    nets: Count = Field(description="of other seeds, averaged")


class LengthParams(Section):
    """Candidates for the output length of every model, and which of them serves."""

    learner: str = Field(
        description="auto is the least pinball loss, as served, on the validation split; or the "
        "name of a candidate"
    )
    level: float = Field(description="coverage of the bounds; quantiles at both ends are learned")
    knn: LengthKnnParams | None = Field(description="null: it does not compete")
    quantile_xgboost: LengthTreesParams | None
    buckets: LengthBucketsParams | None
    quantile_head: LengthHeadParams | None

    @property
    def candidates(self) -> tuple[str, ...]:
        """Names of those that compete; the one that needs no options always does."""
        learned = [name for name in get_args(_Learners) if getattr(self, name) is not None]
        return (*get_args(_References), *learned)

    @field_validator("learner")
    @classmethod
    def _declared(cls, name: str) -> str:
        refuse_unknown(
            "length learner", [name], ["auto", *get_args(_References), *get_args(_Learners)]
        )
        return name

    @field_validator("level")
    @classmethod
    def _between_quantiles(cls, level: float) -> float:
        if level not in _LEVELS:
            accepted = ", ".join(map(str, _LEVELS))
            raise PydanticCustomError("level", "accepted are {levels}", {"levels": accepted})
        return level

    @model_validator(mode="after")
    def _competes(self) -> Self:
        if self.learner != "auto" and self.learner not in self.candidates:
            raise PydanticCustomError(
                "absent_candidate",
                "learner {name} has no options below it; null does not compete",
                {"name": repr(self.learner)},
            )
        return self
