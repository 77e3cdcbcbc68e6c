"""From decisions and finished sequences to REQUESTS rows."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from pipeline.fleet import Fleet, Sequence
from pipeline.loadtest._workload import Workload
from pipeline.params import LoadtestParams
from pipeline.rows import REQUESTS
from pipeline.scheduling import Assignment

__all__ = ["Decision", "record"]

Bounded = tuple[float | None, float | None, float | None]


@dataclass(frozen=True, slots=True)
class Decision:
    """One request as the router handled it; times in seconds."""

    scheduled: float
    started: float
    decided: float
    batch_size: int
    assignment: Assignment
    sequence: Sequence


def record(
    arm: str,
    rate: float,
    seed: int,
    decisions: list[Decision],
    params: LoadtestParams,
    fleet: Fleet,
    workload: Workload,
) -> pl.DataFrame:
    """Return one REQUESTS row per decision, in order of arrival."""
    reads_prompt = params.arms[arm].reads_prompt
    shared = {"arm": arm, "rate": rate, "seed": seed, "label": "simulated"}
    return REQUESTS.frame(
        {
            **shared,
            **_served(decision, params, fleet, workload),
            **_believed(decision.assignment, fleet, workload, reads_prompt),
        }
        for decision in sorted(decisions, key=lambda d: d.sequence.request_id)
    )


def _served(
    decision: Decision, params: LoadtestParams, fleet: Fleet, workload: Workload
) -> dict[str, Any]:
    sequence, chosen = decision.sequence, decision.assignment.instance
    row, model = decision.assignment.row, fleet.model_index[chosen]
    tier = fleet.params.tiers[fleet.tiers[chosen]]
    ok = sequence.done is not None
    label = float(workload.quality[row, model]) if ok else np.nan
    spent = sequence.prompt_tokens * tier.price_in + sequence.generated * tier.price_out
    return {
        "request_id": sequence.request_id,
        "prompt_id": workload.prompt_ids[row],
        "group_id": workload.group_ids[row],
        "dataset": workload.datasets[row],
        "measured": sequence.request_id >= params.warmup_requests,
        "t_scheduled": decision.scheduled,
        "t_decided": decision.decided,
        "t_dispatched": sequence.submitted,
        "t_first_token": sequence.first_token,
        "t_done": sequence.done,
        "instance": fleet.names[chosen],
        "tier": fleet.tiers[chosen],
        "model": tier.model,
        "prompt_tokens": sequence.prompt_tokens,
        "output_tokens": sequence.generated,
        "output_tokens_source": workload.output_sources[row][model],
        "status": "ok" if ok else "failed",
        "quality": None if np.isnan(label) else label,
        "cost_usd": spent * 1e-6,
        "decision_ms": (decision.decided - decision.started) * 1e3,
        "batch_size": decision.batch_size,
    }


def _believed(
    assignment: Assignment, fleet: Fleet, workload: Workload, reads_prompt: bool
) -> dict[str, float | None]:
    row, model = assignment.row, fleet.model_index[assignment.instance]
    quality: Bounded = (None, None, None)
    length: Bounded = (None, None, None)
    if reads_prompt:
        told, said = workload.estimates.quality, workload.estimates.length
        quality = (told.mean[row, model], told.low[row, model], told.high[row, model])
        length = (said.mean[row, model], said.low[row, model], said.high[row, model])
    ttft, tpot = _known(assignment.ttft), _known(assignment.tpot)
    e2e = tuple(_e2e(*parts) for parts in zip(ttft, length, tpot, strict=True))
    beliefs = {"quality": quality, "length": length, "ttft": ttft, "tpot": tpot, "e2e": e2e}
    values = {
        f"predicted_{name}{end}": value
        for name, bounded in beliefs.items()
        for end, value in zip(("", "_low", "_high"), bounded, strict=True)
    }
    terms = zip(("quality", "latency", "cost"), assignment.terms, strict=True)
    return values | {f"score_{name}": value for name, value in terms}


def _known(bounded: tuple[float, float, float] | None) -> Bounded:
    if bounded is None:
        return None, None, None
    point, low, high = (None if np.isnan(value) else float(value) for value in bounded)
    return point, low, high


def _e2e(ttft: float | None, length: float | None, tpot: float | None) -> float | None:
    """TTFT + (length - 1) * TPOT, end by end: conservative bounds where all three are known."""
    if ttft is None or length is None or tpot is None:
        return None
    return ttft + max(length - 1.0, 0.0) * tpot
