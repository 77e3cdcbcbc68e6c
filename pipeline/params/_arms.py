"""A routing policy as configuration: how instances are valued, and who breaks ties."""

from dataclasses import dataclass
from typing import Literal, Self, get_args

from pydantic import Field, model_validator

from pipeline.params._section import Positive, Section, Share, refuse_unknown

__all__ = [
    "DISPATCHERS",
    "ROUTERS",
    "ArmParams",
    "ErrorParams",
    "FilterParams",
    "RouterTraits",
    "TelemetryParams",
    "WeightParams",
    "refuse_unknown_presets",
]

_PRESETS = ("weights", "batching", "cost")


class WeightParams(Section):
    """What a unit of each scale is worth; they add up to 1."""

    quality: Share
    latency: Share
    cost: Share
    balance: Share = Field(default=0.0, description="of the KV cache that would be in use")

    @model_validator(mode="after")
    def _simplex(self) -> Self:
        total = self.quality + self.latency + self.cost + self.balance
        if abs(total - 1) > 1e-9:
            raise ValueError(f"the weights add up to {total:g}, not to 1")
        return self


class TelemetryParams(Section):
    """How the router hears of its instances."""

    period_s: float = Field(ge=0, description="between polls; 0 reads for every batch")
    delay_s: float = Field(default=0.0, ge=0, description="from the reading to the router")
    loss: Share = Field(default=0.0, description="of readings that never arrive")
    surface: Literal["vllm", "full"] = Field(
        default="vllm",
        description="vllm: what its /metrics tells; full: the tokens under way as well",
    )
    evict_after_s: Positive = Field(
        default=5.0, description="an instance unheard of for so long gets nothing"
    )

    @property
    def simulated_only(self) -> bool:
        """Whether no real server can be heard of like this: of tokens under way, late or lossy."""
        return self.surface == "full" or self.delay_s > 0 or self.loss > 0


class FilterParams(Section):
    """Which instances may serve a request, from calibrated probabilities.

    An instance passes where every probability is at least `threshold` and the predicted quality at
    least the floor. strict: otherwise the request is refused. tiered: the constraints are relaxed
    one after another in `order`, by `step` each and `rounds` times in all, until somebody passes.
    relaxed: where nobody passes, everybody does.
    """

    mode: Literal["strict", "tiered", "relaxed"]
    threshold: Share = Field(default=0.7, description="least probability of keeping an objective")
    step: Share = Field(default=0.1, description="tiered: off a threshold or floor, per round")
    rounds: int = Field(default=3, ge=1, le=100, description="tiered: times that each is lowered")
    order: tuple[Literal["ttft", "tpot", "budget", "quality"], ...] = Field(
        default=("ttft", "tpot", "budget", "quality"), strict=False
    )
    otherwise: Literal["serve", "refuse"] = Field(
        default="serve", description="tiered: where nobody passes in the end"
    )

    @model_validator(mode="after")
    def _every_constraint_once(self) -> Self:
        if len(set(self.order)) != len(self.order):
            raise ValueError("order names a constraint twice")
        return self


class ErrorParams(Section):
    """Error put on top of what is predicted, to learn how much of it a policy bears."""

    quality: float = Field(default=0.0, ge=0, description="s.d. added to the quality")
    length: float = Field(default=0.0, ge=0, description="sigma of a lognormal factor of mean 1")
    latency: float = Field(default=0.0, ge=0, description="sigma of a lognormal factor of mean 1")


@dataclass(frozen=True)
class RouterTraits:
    """What an arm with this router has to say, and whether the router embeds the prompt."""

    needs: tuple[str, ...] = ()
    reads_prompt: bool = True


# One name here and one file in pipeline/scheduling make a new router.
ROUTERS = {
    "fused": RouterTraits(("weights", "latency")),
    "weighted": RouterTraits(("weights",)),
    "knn_quality": RouterTraits(),
    "cheapest_above_floor": RouterTraits(("floor",)),
    "avengers_pro": RouterTraits(("p_w",)),
    "best_route": RouterTraits(("threshold",)),
    "route_llm": RouterTraits(("threshold",)),
    "single": RouterTraits(("model",), reads_prompt=False),
    "random_model": RouterTraits(reads_prompt=False),
    "passthrough": RouterTraits(reads_prompt=False),
    "dataset_oracle": RouterTraits(reads_prompt=False),
    "query_oracle": RouterTraits(reads_prompt=False),
}
_OPTIONS = ("weights", "floor", "p_w", "threshold", "model")

Dispatcher = Literal[
    "shortest_queue",
    "round_robin",
    "random",
    "power_of_two",
    "llumnix_minus",
    "least_predicted_e2e",
]
DISPATCHERS: tuple[str, ...] = get_args(Dispatcher)


class ArmParams(Section):
    """Model choice x instance choice x latency source, and what may be taken away from them."""

    router: str
    dispatcher: Dispatcher
    weights: str | None = Field(default=None, description="preset, for fused and weighted")
    latency: Literal["learned", "static", "analytic", "reference"] | None = None
    model: str | None = Field(default=None, description="for single: a model, or best")
    floor: Share | None = Field(default=None, description="for cheapest_above_floor: quality")
    p_w: Share | None = Field(default=None, description="for avengers_pro: weight of quality")
    threshold: Share | None = Field(default=None, description="for best_route and route_llm")
    normalisation: Literal["fixed", "reference"] = "fixed"
    order: Literal["max", "min", "mean", "none"] = Field(
        default="max", description="longest first by this mean over models; none: as they came"
    )
    batching: str | None = Field(default=None, description="preset of router.batching")
    cost: str | None = Field(default=None, description="preset of router.costs")
    ledger: bool = Field(default=True, description="false: telemetry alone, as published")
    telemetry: TelemetryParams | None = Field(default=None, description="instead of router's")
    filter: FilterParams | None = None
    budget: Literal["clamp", "stop"] | None = Field(
        default=None, description="how it is kept: by max_tokens, or by ending the stream"
    )
    error: ErrorParams | None = None

    @model_validator(mode="after")
    def _parts_fit(self) -> Self:
        refuse_unknown("router", [self.router], list(ROUTERS))
        needs = ROUTERS[self.router].needs
        for name in _OPTIONS:
            if (getattr(self, name) is not None) != (name in needs):
                goes = [router for router, traits in ROUTERS.items() if name in traits.needs]
                raise ValueError(f"{name} goes with {_routers(goes)}, and only there")
        if self.predicts != (self.latency is not None) and self.filter is None:
            raise ValueError(
                "latency goes with router fused, dispatcher least_predicted_e2e or a filter, "
                "and only there"
            )
        if self.normalisation == "reference" and self.weights is None:
            raise ValueError("normalisation goes with the routers fused and weighted")
        return self

    @property
    def predicts(self) -> bool:
        """Whether it cannot do without a latency source."""
        return self.router == "fused" or self.dispatcher == "least_predicted_e2e"

    @property
    def reads_prompt(self) -> bool:
        """Whether the arm embeds the prompt, which costs the router time."""
        reads = ROUTERS[self.router].reads_prompt or self.filter is not None
        return reads or self.latency is not None


def _routers(names: list[str]) -> str:
    return f"router {names[0]}" if len(names) == 1 else f"the routers {' and '.join(names)}"


def refuse_unknown_presets(arms: dict[str, ArmParams], known: dict[str, list[str]]) -> None:
    """Raise where an arm names a preset of weights, batching or cost that does not exist."""
    for name in _PRESETS:
        used = [getattr(arm, name) for arm in arms.values() if getattr(arm, name) is not None]
        refuse_unknown(f"{name} preset in arms", used, known[name])
