"""What the router expects of every (request, instance) pair."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pipeline.fleet import Fleet
from pipeline.predictors import (
    TARGETS,
    LatencyModel,
    LengthPrediction,
    QualityPrediction,
    latency_features,
)
from pipeline.scheduling._state import FleetState

__all__ = ["Estimates", "LatencySource", "LearnedLatency", "StaticLatency"]

Floats = NDArray[np.float64]
Index = NDArray[np.int64]


@dataclass(frozen=True)
class Estimates:
    """Beliefs about n prompts and M models that no load changes.

    Attributes:
        prompt_tokens: (n,).
        quality: (n, M) with bounds.
        length: (n, M) output tokens with bounds.
        cost: expected USD of prompt and output, (n, M).
        oracle_quality: true labels (n, M), NaN unknown; only oracle arms may look.
        dataset_quality: mean label of the prompt's dataset on the validation split, (n, M).
    """

    prompt_tokens: Floats
    quality: QualityPrediction
    length: LengthPrediction
    cost: Floats
    oracle_quality: Floats
    dataset_quality: Floats


class LatencySource(Protocol):
    """Seconds to the first token and per token, given the believed state."""

    def predict(
        self, state: FleetState, instances: Index, prompt_tokens: Floats, lengths: Floats
    ) -> tuple[Floats, Floats]:
        """TTFT and TPOT, each (n,), of n (request, instance) pairs.

        `lengths` are the expected output tokens of each request on its instance.
        """
        ...

    def bounds(self, instance: int) -> tuple[float, float, float, float]:
        """Factors (ttft low, ttft high, tpot low, tpot high) on a prediction; NaN if none."""
        ...


class StaticLatency:
    """The per-tier prior: what an idle instance needs, whatever its load."""

    def __init__(self, fleet: Fleet) -> None:
        tiers = [fleet.params.tiers[tier] for tier in fleet.tiers]
        self._ttft = np.array([tier.static_ttft_ms for tier in tiers]) * 1e-3
        self._tpot = np.array([tier.static_tpot_ms for tier in tiers]) * 1e-3

    def predict(
        self, state: FleetState, instances: Index, prompt_tokens: Floats, lengths: Floats
    ) -> tuple[Floats, Floats]:
        return self._ttft[instances], self._tpot[instances]

    def bounds(self, instance: int) -> tuple[float, float, float, float]:
        return (np.nan,) * 4


class LearnedLatency:
    """The trained heads, one pair per tier, applied to all instances of a tier in one call."""

    def __init__(self, fleet: Fleet, model: LatencyModel) -> None:
        self._tiers = np.array(fleet.tiers)
        self._heads = {
            tier: tuple(model.head(tier, target) for target in TARGETS) for tier in set(fleet.tiers)
        }

    def predict(
        self, state: FleetState, instances: Index, prompt_tokens: Floats, lengths: Floats
    ) -> tuple[Floats, Floats]:
        features = latency_features(
            state.running[instances],
            state.waiting[instances],
            state.pending_prefill[instances],
            state.pending_decode[instances],
            state.context[instances],
            state.kv_utilisation[instances],
            prompt_tokens,
            lengths,
        )
        ttft, tpot = np.empty(len(instances)), np.empty(len(instances))
        tiers = self._tiers[instances]
        for tier, (first, per_token) in self._heads.items():
            rows = np.flatnonzero(tiers == tier)
            if len(rows):
                ttft[rows] = first.predict(features[rows])
                tpot[rows] = per_token.predict(features[rows])
        return ttft, tpot

    def bounds(self, instance: int) -> tuple[float, float, float, float]:
        first, per_token = (head.bounds for head in self._heads[str(self._tiers[instance])])
        return first.low, first.high, per_token.low, per_token.high
