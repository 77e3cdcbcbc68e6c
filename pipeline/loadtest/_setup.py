"""An arm made ready for one run: its policy, its memory, its costs and its requests' wishes."""

import math
from dataclasses import dataclass, replace
from typing import TypedDict

import numpy as np

from pipeline.fleet import Fleet
from pipeline.loadtest._rig import Rig
from pipeline.loadtest._workload import Workload
from pipeline.params import (
    STEADY,
    ArmParams,
    BatchParams,
    DecisionParams,
    ObjectiveParams,
    TelemetryParams,
)
from pipeline.scheduling import (
    Batcher,
    Estimates,
    Objectives,
    Policy,
    StateKeeper,
    affordable,
    batching_of,
    make_keeper,
    make_policy,
    telemetry_of,
    with_error,
)
from pipeline.streams import stream

__all__ = ["Setup", "objectives_of", "set_up"]


@dataclass(frozen=True)
class Setup:
    """What one run of one arm needs, on either clock.

    Attributes:
        arm, fleet, workload: what decides about what, where.
        estimates: beliefs about the prompts, injected error included.
        objectives: what each prompt asks for, (n prompts,).
        policy, keeper, batcher: the arm's parts; they hold the state of the run.
        batching, telemetry: their parameters.
        cost: router time of a batch.
        hop_s: from the router to an instance.
        changes_at: number of the first request after a change in mid-run; inf without one.
        later: what is true of the prompts from then on.
    """

    arm: ArmParams
    fleet: Fleet
    workload: Workload
    estimates: Estimates
    objectives: Objectives
    policy: Policy
    keeper: StateKeeper
    batcher: Batcher
    batching: BatchParams
    telemetry: TelemetryParams
    cost: DecisionParams
    hop_s: float
    changes_at: float
    later: Workload

    def decision_s(self, size: int) -> float:
        """Seconds that the router takes for a batch of this size."""
        return (self.cost.base_ms + self.cost.per_request_ms * size) * 1e-3

    def truth(self, request: int) -> Workload:
        """What is true of the prompts when this request comes, whatever is believed."""
        return self.later if request >= self.changes_at else self.workload

    def asked(self, rows: list[int]) -> Objectives:
        """What the prompts of these rows ask for."""
        told = self.objectives
        return Objectives(
            told.ttft_s[rows], told.tpot_s[rows], told.budget_usd[rows], told.quality_floor[rows]
        )

    def allowed_tokens(self, row: int, instance: int, requested: int) -> int:
        """Output tokens of a prompt on an instance, at most what its budget affords there."""
        if self.arm.budget is None:
            return requested
        tier = self.fleet.params.tiers[self.fleet.tiers[instance]]
        told = affordable(
            float(self.objectives.budget_usd[row]),
            float(self.estimates.prompt_tokens[row]),
            tier.price_in * 1e-6,
            tier.price_out * 1e-6,
            requested,
        )
        return told.max_tokens


def set_up(name: str, rig: Rig, *run: float | int | str, traffic: str = STEADY) -> Setup:
    """Make an arm ready; `run` are the coordinates that its random streams depend on."""
    params, workload, fleet = rig.params, rig.workload_of(traffic), rig.fleet_of(traffic)
    arm, seed = params.arms[name], rig.seed
    rng = stream(seed, "arm", name, *run)
    prices = list(fleet.params.prices.values())
    estimates = workload.estimates_for(name)
    if arm.error is not None:
        estimates = with_error(estimates, arm.error, prices, stream(seed, "error", *run))
    cost = arm.cost or ("encode" if arm.reads_prompt else "simple")
    batching = batching_of(arm, params)
    return Setup(
        arm=arm,
        fleet=fleet,
        workload=workload,
        estimates=estimates,
        objectives=objectives_of(params.objectives, workload, stream(seed, "objectives")),
        policy=make_policy(arm, fleet, params, rig.latency, workload.best_single, rng),
        keeper=make_keeper(arm, fleet),
        batcher=Batcher(batching),
        batching=batching,
        telemetry=telemetry_of(arm, params),
        cost=params.router.costs[cost],
        hop_s=params.router.hop_ms * 1e-3,
        **_change(rig, traffic, workload),
    )


class _Change(TypedDict):
    changes_at: float
    later: Workload


def _change(rig: Rig, traffic: str, workload: Workload) -> _Change:
    """When a traffic changes in mid-run, and what its prompts are answered with afterwards."""
    change = rig.params.shape(traffic).change
    if change is None:
        return {"changes_at": math.inf, "later": workload}
    later, models = workload, rig.fleet.params.models
    if change.model is not None and change.answers_like is not None:
        later = workload.updated(models.index(change.model), models.index(change.answers_like))
    return {"changes_at": change.first(rig.params.requests_of(traffic)), "later": later}


def objectives_of(
    params: ObjectiveParams, workload: Workload, rng: np.random.Generator
) -> Objectives:
    """Draw what each prompt asks for; the same for every arm, rate and seed.

    A budget is uniform between the lowest and the highest expected cost over the models, which is
    how the published set was made; the other prompts have none.
    """
    n = len(workload.prompt_ids)
    asked = Objectives.none(n)
    cost = workload.estimates.cost
    low, high = cost.min(axis=1), cost.max(axis=1)
    drawn = low + (high - low) * rng.random(n)
    has_one = rng.random(n) < params.budget_share
    return replace(
        asked,
        ttft_s=asked.ttft_s if params.ttft_s is None else np.full(n, params.ttft_s),
        tpot_s=asked.tpot_s if params.tpot_s is None else np.full(n, params.tpot_s),
        budget_usd=np.where(has_one, drawn, np.inf),
        quality_floor=np.full(n, params.quality_floor or 0.0),
    )
