"""Section of the load test: arms, presets, scales, router and grid."""

from typing import Literal, Self

from pydantic import Field, model_validator

from pipeline.params._arrivals import ArrivalParams, PoissonParams, SquareParams
from pipeline.params._section import Count, Positive, Section, Share, refuse_unknown

__all__ = [
    "ArmParams",
    "DecisionParams",
    "LoadtestParams",
    "RouterParams",
    "ScaleParams",
    "WeightParams",
]

BEST_SINGLE = "best"


class WeightParams(Section):
    """What a unit of each scale is worth; the three add up to 1."""

    quality: Share
    latency: Share
    cost: Share

    @model_validator(mode="after")
    def _simplex(self) -> Self:
        total = self.quality + self.latency + self.cost
        if abs(total - 1) > 1e-9:
            raise ValueError(f"the weights add up to {total:g}, not to 1")
        return self


class ScaleParams(Section):
    """What counts as one unit: weights compare these, whatever instances are up."""

    latency_s: Positive
    cost_usd: Positive


class ArmParams(Section):
    """A routing policy: how instances are valued, and who breaks ties among the best."""

    router: Literal[
        "fused",
        "weighted",
        "knn_quality",
        "single",
        "random_model",
        "passthrough",
        "dataset_oracle",
        "query_oracle",
    ]
    dispatcher: Literal["shortest_queue", "round_robin", "random", "least_predicted_e2e"]
    weights: str | None = Field(default=None, description="preset, for fused and weighted")
    latency: Literal["learned", "static"] | None = Field(default=None)
    model: str | None = Field(default=None, description="for single: a model, or best")

    @model_validator(mode="after")
    def _parts_fit(self) -> Self:
        weighs = self.router in ("fused", "weighted")
        if weighs != (self.weights is not None):
            raise ValueError("weights goes with the routers fused and weighted, and only with them")
        predicts = self.router == "fused" or self.dispatcher == "least_predicted_e2e"
        if predicts != (self.latency is not None):
            raise ValueError(
                "latency goes with router fused or dispatcher least_predicted_e2e, and only there"
            )
        if (self.router == "single") != (self.model is not None):
            raise ValueError("model goes with router single, and only there")
        return self

    @property
    def reads_prompt(self) -> bool:
        """Whether the arm embeds the prompt, which costs the router time."""
        return self.router in ("fused", "weighted", "knn_quality") or self.latency is not None


class DecisionParams(Section):
    """Time that one batch costs the router: base + per_request * size, milliseconds."""

    base_ms: float = Field(ge=0)
    per_request_ms: float = Field(ge=0)


class RouterParams(Section):
    """The router as a server of finite rate."""

    max_batch: Count
    predictive: DecisionParams = Field(description="arms that embed the prompt")
    simple: DecisionParams = Field(description="arms that read no prompt")
    hop_ms: float = Field(ge=0, description="from the router to the instance")
    telemetry_period_s: Positive


class LoadtestParams(Section):
    """Arms x rates x seeds; equal seeds share arrivals and prompts across arms."""

    requests: int = Field(ge=10, description="requests per cell")
    warmup_requests: int = Field(ge=0, description="first requests, left out of statistics")
    rates: tuple[Positive, ...] = Field(min_length=1, strict=False, description="requests/s")
    seeds: tuple[int, ...] = Field(min_length=2, strict=False, description="replications")
    arrivals: ArrivalParams = Field(default=PoissonParams(), description="how requests arrive")
    weights: dict[str, WeightParams]
    scales: ScaleParams
    router: RouterParams
    arms: dict[str, ArmParams] = Field(min_length=1)

    @model_validator(mode="after")
    def _names_agree(self) -> Self:
        used = [arm.weights for arm in self.arms.values() if arm.weights is not None]
        refuse_unknown("weight preset in arms", used, list(self.weights))
        if self.warmup_requests >= self.requests:
            raise ValueError("warmup_requests must be below requests, or nothing is measured")
        if isinstance(self.arrivals, SquareParams):
            for rate in self.rates:
                self.arrivals.levels(rate)  # raises where the wave does not average to the rate
        for name in ("rates", "seeds"):
            values = getattr(self, name)
            if len(set(values)) < len(values):
                raise ValueError(f"{name} names a value twice")
        return self
