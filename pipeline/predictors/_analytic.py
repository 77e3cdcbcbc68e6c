"""TTFT and TPOT from the form of the engine alone: a continuous queue model, nothing trained."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.compiled import compiled
from pipeline.fleet import Limits, StepTime, iteration_ms

__all__ = ["AnalyticTimes"]

Floats = NDArray[np.float64]
Index = NDArray[np.int64]

_iteration_ms = compiled(iteration_ms)


@dataclass(frozen=True)
class AnalyticTimes:
    """The queue model of T tiers (or instances), from their iteration times and limits.

    With R running and W waiting sequences, A tokens to prefill ahead of and in the request, D
    tokens to decode, S tokens in the cache and t(P, n, S) the time of an iteration:

    * wait = missing * (D / (R + W)) * t(0, R, S) / R, where missing are the slots, or the sequences
      whose cache is needed, that are not free: nothing while there is room, and continuous in it;
    * TTFT = wait + half an iteration under way + the iterations that A takes at the token budget;
    * TPOT = t(0, R + W + 1, S + A + L / 2): as many as now stay on, as others follow those who
      leave.

    Attributes:
        knots, curve, counts, rates: iteration times as in `iteration_ms`, padded; (T, K), (T, K),
            (T,) and (T, 9).
        slots, budget, kv_tokens: most sequences, tokens per iteration, tokens in the cache; (T,).
    """

    knots: Floats
    curve: Floats
    counts: Index
    rates: Floats
    slots: Floats
    budget: Floats
    kv_tokens: Floats

    @classmethod
    def of(cls, steps: list[StepTime], limits: list[Limits]) -> "AnalyticTimes":
        """Lay out the iteration times and limits of T tiers."""
        width = max(len(step.knots) for step in steps)
        knots, curve = (np.zeros((len(steps), width)) for _ in range(2))
        for row, step in enumerate(steps):
            knots[row, : len(step.knots)] = step.knots
            curve[row, : len(step.knots)] = step.curve
        return cls(
            knots,
            curve,
            np.array([len(step.knots) for step in steps]),
            np.array([step.rates for step in steps]),
            np.array([limit.max_num_seqs for limit in limits], dtype=np.float64),
            np.array([limit.max_batched_tokens for limit in limits], dtype=np.float64),
            np.array([limit.kv_tokens for limit in limits], dtype=np.float64),
        )

    def predict(
        self,
        tier: Index,
        running: Floats,
        waiting: Floats,
        pending_prefill: Floats,
        pending_decode: Floats,
        context: Floats,
        prompt_tokens: Floats,
        lengths: Floats,
    ) -> tuple[Floats, Floats]:
        """TTFT and TPOT, s, of n requests on tiers `tier` in these states; all (n,)."""
        out = np.empty((2, len(tier)))
        observed = np.stack(
            [running, waiting, pending_prefill, pending_decode, context, prompt_tokens, lengths]
        )
        limits = np.stack([self.slots, self.budget, self.kv_tokens])
        _queue_times(self.knots, self.curve, self.counts, self.rates, limits, tier, observed, out)
        return out[0], out[1]


@compiled
def _queue_times(
    knots: Floats,
    curve: Floats,
    counts: Index,
    rates: Floats,
    limits: Floats,
    tier: Index,
    observed: Floats,
    out: Floats,
) -> None:
    for n in range(tier.size):
        i = tier[n]
        x, y, r = knots[i, : counts[i]], curve[i, : counts[i]], rates[i]
        slots, budget, cache = limits[0, i], limits[1, i], limits[2, i]
        running, waiting, queued, decode, context, prompt, length = observed[:, n]
        active = min(running, slots)
        if active == 0:
            context = 0.0  # cache that nobody decodes from is walked by nobody
        now = _iteration_ms(x, y, r, 0.0, max(active, 1.0), context, 0.0)
        ahead = queued + prompt
        wait = 0.0
        missing = max(running + waiting + 1.0 - slots, 0.0)
        if active > 0 and context > 0:
            missing = max(missing, (context + ahead - cache) * active / context)
        if missing > 0 and active > 0:
            left = decode / max(running + waiting, 1.0)
            wait = missing * left * now / active
        under_way = 0.5 * now if running > 0 else 0.0
        room = max(budget - active, 1.0)
        whole = np.floor(ahead / room)
        rest = ahead - whole * room
        first = wait + under_way
        if whole > 0:
            first += whole * _iteration_ms(x, y, r, room, active, context, 0.5 * room * room)
        if rest > 0:
            first += _iteration_ms(x, y, r, rest, active, context, 0.5 * prompt * prompt)
        together = min(running + waiting + 1.0, slots)
        later = context + ahead + 0.5 * length
        out[0, n] = 1e-3 * first
        out[1, n] = 1e-3 * _iteration_ms(x, y, r, 0.0, together, min(later, cache), 0.0)
