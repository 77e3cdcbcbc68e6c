"""Section of the stage that learns output lengths."""

from typing import ClassVar

from pydantic import Field

from pipeline.params._candidates import BoundedSection
from pipeline.params._section import Count, Positive, Section

__all__ = ["LengthParams"]


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


class LengthParams(BoundedSection):
    """Candidates for the output length of every model, and which of them serves.

    `auto` is the least pinball loss, calibrated, on the validation split.
    """

    kind: ClassVar[str] = "length"
    always: ClassVar[tuple[str, ...]] = ("model_mean",)
    may_serve: ClassVar[tuple[str, ...]] = always
    learned: ClassVar[tuple[str, ...]] = ("knn", "quantile_xgboost", "buckets", "quantile_head")

    knn: LengthKnnParams | None = Field(description="null: it does not compete")
    quantile_xgboost: LengthTreesParams | None
    buckets: LengthBucketsParams | None
    quantile_head: LengthHeadParams | None
