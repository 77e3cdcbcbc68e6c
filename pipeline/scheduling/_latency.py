"""Where the seconds of a (request, instance) pair come from: learned, static or published."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pipeline.fleet import Fleet
from pipeline.predictors import (
    AnalyticTimes,
    LatencyModel,
    RatioBounds,
    compose_e2e,
    latency_features,
)
from pipeline.scheduling._state import FleetState

__all__ = [
    "AnalyticLatency",
    "LatencySource",
    "LearnedLatency",
    "NoisyLatency",
    "Pairs",
    "ReferenceLatency",
    "StaticLatency",
    "Times",
    "within",
]

Floats = NDArray[np.float64]
Index = NDArray[np.int64]
Bounds = tuple[RatioBounds, RatioBounds] | None


@dataclass(frozen=True, slots=True)
class Pairs:
    """n (request, instance) pairs.

    Attributes:
        instances: number of the instance, (n,).
        prompt_tokens: of the request, (n,).
        lengths: expected output tokens of the request on that instance's model, (n,).
        longest: its expected output tokens on the model with the longest answer, (n,).
    """

    instances: Index
    prompt_tokens: Floats
    lengths: Floats
    longest: Floats


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds from dispatch to the first token, per token after it, and to the last; each (n,)."""

    ttft: Floats
    tpot: Floats
    e2e: Floats


class LatencySource(Protocol):
    """Predicts the times of pairs from the believed state."""

    def predict(self, state: FleetState, pairs: Pairs) -> Times: ...

    def residuals(self, instance: int) -> Bounds:
        """Calibrated actual / predicted of TTFT and TPOT there; None if nobody calibrated it."""
        ...


class StaticLatency:
    """The per-tier prior: what an idle instance needs, whatever its load.

    E2E = TPOT_nominal(tier) * L: the published static arm has no term for the first token.
    """

    def __init__(self, fleet: Fleet, model: LatencyModel | None) -> None:
        tiers = [fleet.params.tiers[tier] for tier in fleet.tiers]
        self._ttft = np.array([tier.static_ttft_ms for tier in tiers]) * 1e-3
        self._tpot = np.array([tier.static_tpot_ms for tier in tiers]) * 1e-3
        self._tiers, self._model = fleet.tiers, model

    def predict(self, state: FleetState, pairs: Pairs) -> Times:
        tpot = self._tpot[pairs.instances]
        return Times(self._ttft[pairs.instances], tpot, tpot * pairs.lengths)

    def residuals(self, instance: int) -> Bounds:
        return _residuals(self._model, "static", self._tiers[instance])


class LearnedLatency:
    """The selected learner of every tier, on all pairs in one call; E2E = TTFT + (L - 1) * TPOT."""

    def __init__(self, fleet: Fleet, model: LatencyModel) -> None:
        self._stack = model.stack(list(fleet.params.tiers))
        self._tier = np.array([list(fleet.params.tiers).index(tier) for tier in fleet.tiers])
        self._bounds = [model.bounds(tier) for tier in fleet.tiers]

    def predict(self, state: FleetState, pairs: Pairs) -> Times:
        features = _features(state, pairs, pairs.lengths)
        ttft, tpot = self._stack.predict(features, self._tier[pairs.instances])
        return Times(ttft, tpot, compose_e2e(ttft, tpot, pairs.lengths))

    def residuals(self, instance: int) -> Bounds:
        return self._bounds[instance]


class AnalyticLatency:
    """The engine's own form with its waits (`AnalyticTimes`); E2E = TTFT + (L - 1) * TPOT."""

    def __init__(self, fleet: Fleet, model: LatencyModel | None) -> None:
        steps, limits = zip(*map(fleet.step_and_limits, range(len(fleet.names))), strict=True)
        self._times = AnalyticTimes.of(list(steps), list(limits))
        self._tiers, self._model = fleet.tiers, model

    def predict(self, state: FleetState, pairs: Pairs) -> Times:
        i = pairs.instances
        ttft, tpot = self._times.predict(
            i,
            state.running[i],
            state.waiting[i],
            state.pending_prefill[i],
            state.pending_decode[i],
            state.context[i],
            pairs.prompt_tokens,
            pairs.lengths,
        )
        return Times(ttft, tpot, compose_e2e(ttft, tpot, pairs.lengths))

    def residuals(self, instance: int) -> Bounds:
        return _residuals(self._model, "analytic", self._tiers[instance])


class ReferenceLatency:
    """The published composition, its jump included (reference.md 1.7).

    own = max(1, int(L)); E2E = own * TPOT while a slot is free and nobody waits, and
    (pending decode / max(running, 1) + own) * TPOT otherwise. TPOT is the learned head at the
    length of the model that answers at greatest length, at least 1 ms; TTFT is 50 ms always. There
    is no term for the prompt, and the second request of a batch jumps by a mean residual length.
    """

    def __init__(self, fleet: Fleet, model: LatencyModel) -> None:
        self._learned = LearnedLatency(fleet, model)
        self._slots = np.array(
            [fleet.params.tiers[tier].max_num_seqs for tier in fleet.tiers], dtype=np.float64
        )

    def predict(self, state: FleetState, pairs: Pairs) -> Times:
        told = np.floor(pairs.longest)
        probed = Pairs(pairs.instances, pairs.prompt_tokens, told, pairs.longest)
        tpot = np.maximum(self._learned.predict(state, probed).tpot, 1e-3)
        e2e = self.compose(state, pairs.instances, pairs.lengths, tpot)
        return Times(np.full(len(tpot), 0.05), tpot, e2e)

    def compose(self, state: FleetState, instances: Index, lengths: Floats, tpot: Floats) -> Floats:
        """E2E in s from the state, (I,) arrays, and TPOT, (n,)."""
        own = np.maximum(1.0, np.floor(lengths))
        running, waiting = state.running[instances], state.waiting[instances]
        is_open = (running < self._slots[instances]) & (waiting == 0)
        queued = state.pending_decode[instances] / np.maximum(running, 1.0)
        e2e: Floats = np.where(is_open, own * tpot, (queued + own) * tpot)
        return e2e

    def residuals(self, instance: int) -> Bounds:
        return None


class NoisyLatency:
    """A source with a lognormal factor of mean 1 on every prediction: injected error."""

    def __init__(self, source: LatencySource, sigma: float, rng: np.random.Generator) -> None:
        self._source, self._sigma, self._rng = source, sigma, rng

    def predict(self, state: FleetState, pairs: Pairs) -> Times:
        told = self._source.predict(state, pairs)
        draws = self._rng.standard_normal(len(told.ttft))
        factor = np.exp(self._sigma * draws - self._sigma**2 / 2)
        return Times(told.ttft * factor, told.tpot * factor, told.e2e * factor)

    def residuals(self, instance: int) -> Bounds:
        return self._source.residuals(instance)


def within(
    source: LatencySource, target: int, instances: Index, predicted: Floats, limit: Floats
) -> Floats:
    """P(actual <= limit) of predicted times, (n,), from the calibrated residuals of a source.

    Args:
        source: whose predictions they are; one without residuals is taken at its word, 0 or 1.
        target: 0 for TTFT, 1 for TPOT.
        instances, predicted, limit: (n,); s. A limit of inf is kept with certainty.
    """
    sure = np.where(limit >= predicted, 1.0, 0.0)
    for i in np.unique(instances[np.isfinite(limit)]):
        bounds = source.residuals(int(i))
        if bounds is not None:
            here = instances == i
            sure[here] = bounds[target].probability(limit[here] / predicted[here])
    sure[np.isinf(limit)] = 1.0
    return sure


def _features(state: FleetState, pairs: Pairs, lengths: Floats) -> NDArray[np.float32]:
    i = pairs.instances
    return latency_features(
        state.running[i],
        state.waiting[i],
        state.pending_prefill[i],
        state.pending_decode[i],
        state.context[i],
        state.kv_utilisation[i],
        pairs.prompt_tokens,
        lengths,
    )


def _residuals(model: LatencyModel | None, source: str, tier: str) -> Bounds:
    if model is None:
        return None
    told = model.untrained_[source][tier]
    return told["ttft_s"], told["tpot_s"]
