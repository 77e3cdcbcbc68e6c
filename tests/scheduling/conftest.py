"""A fleet of two small instances and a large one, and beliefs that a test writes down."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from pipeline.fleet import Fleet
from pipeline.params import (
    ArmParams,
    FleetParams,
    LoadtestParams,
    StepParams,
    TierParams,
)
from pipeline.predictors import Distribution, LengthPrediction, QualityPrediction
from pipeline.scheduling import Estimates, FleetState, Policy, make_policy

LOADTEST: dict[str, Any] = {
    "requests": 20,
    "warmup_requests": 0,
    "rates": [1.0],
    "seeds": [1, 2],
    "weights": {
        "uniform": {"quality": 0.34, "latency": 0.33, "cost": 0.33},
        "blind": {"quality": 0.5, "latency": 0.0, "cost": 0.5},
        "balanced": {"quality": 0.3, "latency": 0.2, "cost": 0.2, "balance": 0.3},
    },
    "scales": {"latency_s": 10.0, "cost_usd": 1e-4},
    "router": {
        "batching": {"on_demand": {"max_batch": 32}},
        "costs": {
            "simple": {"base_ms": 0.0, "per_request_ms": 0.0},
            "encode": {"base_ms": 1.0, "per_request_ms": 1.0},
        },
        "hop_ms": 1.0,
        "telemetry": {"period_s": 0.05},
    },
    "arms": {"any": {"router": "passthrough", "dispatcher": "random"}},
}


def tier(model: str, ttft_ms: float, tpot_ms: float) -> TierParams:
    return TierParams(
        model=model,
        gpu="X",
        gpus=1,
        step=StepParams(w=10.0, c=0.1, e=1.0, f=0.1, d=1e-4, q=1e-6),
        kv_tokens=16_000,
        max_num_seqs=16,
        max_batched_tokens=512,
        price_in=0.1,
        price_out=0.2,
        static_ttft_ms=ttft_ms,
        static_tpot_ms=tpot_ms,
    )


def make_fleet(small: int = 2, large: int = 1) -> Fleet:
    tiers = {"s": tier("small", 20.0, 10.0), "l": tier("large", 80.0, 40.0)}
    return Fleet.of(FleetParams(tiers=tiers, instances={"s": small, "l": large}))


def believe(
    quality: list[list[float]], length: list[list[float]], cost: list[list[float]]
) -> Estimates:
    q, n, c = (np.array(part, dtype=float) for part in (quality, length, cost))
    return Estimates(
        prompt_tokens=np.full(len(q), 100.0),
        quality=QualityPrediction(q, q, q),
        length=LengthPrediction(n, Distribution.point(n), 0.9),
        cost=c,
        oracle_quality=q,
        dataset_quality=q,
    )


def idle(instances: int = 3) -> FleetState:
    return FleetState.of(np.zeros((6, instances)))


@pytest.fixture(scope="session")
def loadtest() -> LoadtestParams:
    return LoadtestParams.model_validate(LOADTEST)


@pytest.fixture(scope="session")
def policy(loadtest: LoadtestParams) -> Callable[..., Policy]:
    """Build the policy of an arm given as keywords, on the small fleet or on another one."""

    def build(fleet: Fleet | None = None, **arm: Any) -> Policy:
        told = ArmParams.model_validate({"dispatcher": "shortest_queue"} | arm)
        rng = np.random.default_rng(0)
        return make_policy(told, fleet or make_fleet(), loadtest, None, "large", rng)

    return build
