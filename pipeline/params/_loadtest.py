"""Section of the load test: arms, presets, scales, router, objectives and grid."""

from typing import Literal, Self

from pydantic import Field, model_validator

from pipeline.params._arms import ArmParams, TelemetryParams, WeightParams, refuse_unknown_presets
from pipeline.params._arrivals import ArrivalParams, PoissonParams, SquareParams
from pipeline.params._fleet import FaultParams
from pipeline.params._http import HttpParams
from pipeline.params._section import Count, Positive, Section, Share, refuse_unknown

__all__ = [
    "STEADY",
    "BatchParams",
    "ChangeParams",
    "DecisionParams",
    "LoadtestParams",
    "ObjectiveParams",
    "RouterParams",
    "ScaleParams",
    "TrafficParams",
]

BEST_SINGLE = "best"
STEADY = "steady"  # name of the traffic that loadtest.arrivals and loadtest.rates declare


class ScaleParams(Section):
    """What counts as one unit: weights compare these, whatever instances are up."""

    latency_s: Positive
    cost_usd: Positive


class DecisionParams(Section):
    """Time that one batch costs the router: base + per_request * size, milliseconds."""

    base_ms: float = Field(ge=0)
    per_request_ms: float = Field(ge=0)


class BatchParams(Section):
    """When a batch closes, and how many are decided at once.

    idle: as soon as a worker is free, with whatever has come by then. timer: when it is full, or
    `wait_ms` after the router took the first request up. adaptive: the published table of size and
    timer by the share of instances with a queue, from the second batch on.
    """

    max_batch: Count
    close: Literal["idle", "timer"] = "idle"
    wait_ms: float = Field(default=0.0, ge=0, description="for timer")
    adaptive: bool = False
    workers: Count = Field(default=1, description="batches decided at the same time")

    @model_validator(mode="after")
    def _timer_waits(self) -> Self:
        if (self.close == "timer") != (self.wait_ms > 0):
            raise ValueError("wait_ms goes with close timer, and only there")
        return self


class RouterParams(Section):
    """The router as a server of finite rate."""

    batching: dict[str, BatchParams] = Field(description="the first one is the default of arms")
    costs: dict[str, DecisionParams] = Field(
        description="router time by what it does: simple reads no prompt, encode embeds it"
    )
    hop_ms: float = Field(ge=0, description="from the router to the instance, and back")
    telemetry: TelemetryParams

    @model_validator(mode="after")
    def _defaults_exist(self) -> Self:
        if not self.batching:
            raise ValueError("batching needs at least one preset")
        for name in ("simple", "encode"):
            if name not in self.costs:
                raise ValueError(f"costs needs the preset {name!r}")
        return self


class ObjectiveParams(Section):
    """What every request asks for; none by default. Arms with a filter try to keep it."""

    ttft_s: Positive | None = Field(default=None, description="from the scheduled time")
    tpot_s: Positive | None = None
    quality_floor: Share | None = None
    budget_share: Share = Field(
        default=0.0,
        description="of prompts with a budget, uniform between the expected costs of the models",
    )


class ChangeParams(Section):
    """What becomes different in the middle of a run, unknown to the router.

    A model update: from then on `model` answers as `answers_like` does. A shift of the prompt mix:
    before it no prompt is of `datasets`, after it every one is.
    """

    after: Share = Field(description="share of the requests that come before")
    model: str | None = None
    answers_like: str | None = None
    datasets: tuple[str, ...] | None = Field(default=None, min_length=1, strict=False)

    @model_validator(mode="after")
    def _says_what(self) -> Self:
        if (self.model is None) != (self.answers_like is None):
            raise ValueError("model and answers_like go together")
        if (self.model is None) == (self.datasets is None):
            raise ValueError("a change is of a model or of datasets, one of the two")
        return self

    def first(self, requests: int) -> int:
        """Number of the first request that comes after the change."""
        return round(self.after * requests)


class TrafficParams(Section):
    """Another traffic, beside the steady one, with the arms that are to meet it.

    It may have its own prompts (those of the validation split, where knobs are chosen), faults of
    its own beside those of the fleet, and a change in mid-run.
    """

    arrivals: ArrivalParams
    rates: tuple[Positive, ...] = Field(min_length=1, strict=False, description="requests/s")
    arms: tuple[str, ...] = Field(min_length=1, strict=False)
    requests: int | None = Field(default=None, ge=10, description="per cell, if not the same")
    split: Literal["test", "validation"] = "test"
    faults: tuple[FaultParams, ...] = Field(default=(), strict=False)
    change: ChangeParams | None = None


class LoadtestParams(Section):
    """Arms x rates x seeds; equal seeds share arrivals and prompts across arms."""

    requests: int = Field(ge=10, description="requests per cell")
    warmup_requests: int = Field(ge=0, description="first requests, left out of statistics")
    rates: tuple[Positive, ...] = Field(min_length=1, strict=False, description="requests/s")
    seeds: tuple[int, ...] = Field(min_length=2, strict=False, description="replications")
    arrivals: ArrivalParams = Field(default=PoissonParams(), description="how requests arrive")
    steady_arms: tuple[str, ...] | None = Field(
        default=None, strict=False, description="arms of the steady traffic; all by default"
    )
    traffic: dict[str, TrafficParams] = Field(default={}, description="other shapes by name")
    over: Literal["simulated", "gateway"] = Field(
        default="simulated", description="where the stage runs its cells"
    )
    http: HttpParams = HttpParams()
    objectives: ObjectiveParams = ObjectiveParams()
    weights: dict[str, WeightParams]
    scales: ScaleParams
    router: RouterParams
    arms: dict[str, ArmParams] = Field(min_length=1)

    @model_validator(mode="after")
    def _names_agree(self) -> Self:
        router = self.router
        known = {"weights": list(self.weights), "batching": list(router.batching)}
        refuse_unknown_presets(self.arms, known | {"cost": list(router.costs)})
        refuse_unknown("arm in steady_arms", list(self.steady_arms or ()), list(self.arms))
        for name, shape in self.traffic.items():
            refuse_unknown(f"arm in traffic.{name}", list(shape.arms), list(self.arms))
        if STEADY in self.traffic:
            raise ValueError(f"the traffic {STEADY!r} is the one of arrivals and rates")
        return self

    @model_validator(mode="after")
    def _grid_is_sound(self) -> Self:
        shapes = [(self.arrivals, self.rates, self.requests)]
        shapes += [
            (t.arrivals, t.rates, t.requests or self.requests) for t in self.traffic.values()
        ]
        for arrivals, rates, requests in shapes:
            if self.warmup_requests >= requests:
                raise ValueError("warmup_requests must be below requests, or nothing is measured")
            if isinstance(arrivals, SquareParams):
                for rate in rates:
                    arrivals.levels(rate)  # raises where the wave does not average to the rate
            if len(set(rates)) < len(rates):
                raise ValueError("rates names a value twice")
        if len(set(self.seeds)) < len(self.seeds):
            raise ValueError("seeds names a value twice")
        return self

    @model_validator(mode="after")
    def _gateway_is_named(self) -> Self:
        if self.over == "gateway" and self.http.url is None:
            raise ValueError("over gateway needs http.url, the URL of the gateway")
        return self

    @model_validator(mode="after")
    def _telemetry_suffices(self) -> Self:
        for name, arm in self.arms.items():
            told = arm.telemetry or self.router.telemetry
            if not arm.ledger and told.surface != "full":
                raise ValueError(
                    f"arm {name}: without ledger nobody counts the tokens under way, so its "
                    "telemetry needs surface full"
                )
        return self

    @model_validator(mode="after")
    def _filters_can_see(self) -> Self:
        asks = self.objectives.ttft_s is not None or self.objectives.tpot_s is not None
        for name, arm in self.arms.items():
            if asks and arm.filter is not None and arm.latency is None:
                raise ValueError(
                    f"arm {name}: its filter needs a latency source, as objectives name a time"
                )
        return self

    def shape(self, traffic: str) -> TrafficParams:
        """The arrivals, rates, arms and requests of one traffic, the steady one included."""
        if traffic != STEADY:
            return self.traffic[traffic]
        arms = self.steady_arms or tuple(self.arms)
        return TrafficParams(
            arrivals=self.arrivals, rates=self.rates, arms=arms, requests=self.requests
        )

    def requests_of(self, traffic: str) -> int:
        """Requests of a cell of this traffic."""
        return self.shape(traffic).requests or self.requests
