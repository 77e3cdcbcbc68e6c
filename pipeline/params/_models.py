"""Sections of the stages that make and register predictors."""

from typing import Literal

from pydantic import Field

from pipeline.params._section import Count, Positive, Section

__all__ = [
    "AvengersProParams",
    "BestRouteParams",
    "ClockParams",
    "FidelityParams",
    "ProfileParams",
    "RouteLlmParams",
    "RoutersParams",
]


class AvengersProParams(Section):
    """k-means over embeddings, performance and cost of every model per cluster."""

    clusters: Count = Field(description="at most, and at most a tenth of the training prompts")
    top_k: Count = Field(description="clusters that a prompt looks at")
    beta: Positive = Field(description="sharpness of their weights")


class BestRouteParams(Section):
    """Classifier of prompts by their best model."""

    encoder: Literal["frozen", "fine_tuned"]
    epochs: Count = Field(description="of fine-tuning; the best one is kept")
    learning_rate: Positive = Field(description="of fine-tuning")


class RouteLlmParams(Section):
    """Matrix factorisation of who wins between two models."""

    dim: Count = Field(description="of the space that models and prompts share")
    epochs: Count = Field(description="at most; it stops early on the validation split")
    learning_rate: Positive


class RoutersParams(Section):
    """The learned routers that ours is compared with, one section each."""

    avengers_pro: AvengersProParams
    best_route: BestRouteParams
    route_llm: RouteLlmParams


class ProfileParams(Section):
    """Open-loop runs of one instance per tier, from idle to busy."""

    runs: int = Field(ge=4, description="independent runs per load; runs are split, rows are not")
    requests: int = Field(ge=20, description="requests per run")
    loads: tuple[Positive, ...] = Field(
        min_length=1, strict=False, description="offered load, share of the tier's capacity"
    )
    prompt_tokens_mean: Positive
    prompt_tokens_sigma: Positive = Field(description="sigma of the lognormal")
    output_tokens_mean: Positive
    output_tokens_sigma: Positive = Field(description="sigma of the lognormal")
    length_error_sigma: float = Field(
        ge=0, description="sigma of log(predicted / actual output), as the length predictor has it"
    )


class ClockParams(Section):
    """A workload that is served on both clocks."""

    requests: int = Field(ge=20, description="in all")
    rate: Positive = Field(description="requests per engine second over all instances")
    speed: Positive = Field(description="engine seconds per wall second")
    bound_percent: Positive = Field(description="difference of the means that is still agreement")


class FidelityParams(Section):
    """How true the engine is."""

    seeds: tuple[int, ...] = Field(min_length=2, strict=False, description="of the published cells")
    clock: ClockParams
