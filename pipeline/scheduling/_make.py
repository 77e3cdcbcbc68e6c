"""From an arm in params.yaml to a policy, its state keeper and its batcher."""

import numpy as np

from pipeline.fleet import Fleet
from pipeline.params import ArmParams, BatchParams, LoadtestParams, TelemetryParams
from pipeline.predictors import LatencyModel
from pipeline.scheduling._dispatchers import make_dispatcher
from pipeline.scheduling._gate import Gate
from pipeline.scheduling._latency import (
    AnalyticLatency,
    LatencySource,
    LearnedLatency,
    NoisyLatency,
    ReferenceLatency,
    StaticLatency,
)
from pipeline.scheduling._ledger import Capacity, Ledger, StateKeeper, TelemetryOnly
from pipeline.scheduling._policy import Policy
from pipeline.scheduling._routers import make_router

__all__ = ["batching_of", "make_keeper", "make_policy", "telemetry_of"]


def make_policy(
    arm: ArmParams,
    fleet: Fleet,
    params: LoadtestParams,
    latency_model: LatencyModel | None,
    best_single: str,
    rng: np.random.Generator,
) -> Policy:
    """Build the policy that an arm declares.

    Args:
        arm: its declaration.
        fleet: the instances.
        params: where its presets and scales are.
        latency_model: trained heads; only an arm without learned or published latency does
            without, and a filter then trusts static and analytic times at their word.
        best_single: the model that "best" stands for, chosen on the validation split.
        rng: stream of the arm's own random choices.
    """
    latency = _latency(arm, fleet, latency_model, rng)
    evict_after_s = telemetry_of(arm, params).evict_after_s
    return Policy(
        fleet,
        make_router(arm, fleet, params.weights, params.scales, best_single, rng),
        make_dispatcher(arm.dispatcher, fleet, rng),
        latency,
        Gate(fleet, arm.filter, latency, evict_after_s),
        order=arm.order,
        charges_longest=arm.latency == "reference",
    )


def make_keeper(arm: ArmParams, fleet: Fleet) -> StateKeeper:
    """Return the ledger of an arm, or the published absence of one."""
    if not arm.ledger:
        return TelemetryOnly(len(fleet.names))
    tiers = [fleet.params.tiers[tier] for tier in fleet.tiers]
    return Ledger(
        Capacity(
            kv_tokens=np.array([tier.kv_tokens for tier in tiers], dtype=np.float64),
            max_num_seqs=np.array([tier.max_num_seqs for tier in tiers], dtype=np.float64),
            tpot_s=np.array([tier.static_tpot_ms for tier in tiers]) * 1e-3,
        )
    )


def batching_of(arm: ArmParams, params: LoadtestParams) -> BatchParams:
    """How the batches of an arm close: its preset, or the first that is declared."""
    presets = params.router.batching
    return presets[arm.batching] if arm.batching is not None else next(iter(presets.values()))


def telemetry_of(arm: ArmParams, params: LoadtestParams) -> TelemetryParams:
    """How an arm hears of the instances."""
    return arm.telemetry or params.router.telemetry


def _latency(
    arm: ArmParams, fleet: Fleet, model: LatencyModel | None, rng: np.random.Generator
) -> LatencySource | None:
    source: LatencySource | None = None
    if arm.latency == "static":
        source = StaticLatency(fleet, model)
    elif arm.latency == "analytic":
        source = AnalyticLatency(fleet, model)
    elif arm.latency is not None:
        if model is None:
            raise ValueError(f"an arm with {arm.latency} latency needs the latency model")
        source = LearnedLatency(fleet, model)
        if arm.latency == "reference":
            source = ReferenceLatency(fleet, model)
    if source is not None and arm.error is not None and arm.error.latency > 0:
        return NoisyLatency(source, arm.error.latency, rng)
    return source
