"""From decisions and finished sequences to REQUESTS rows."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import polars as pl

from pipeline.loadtest._decision import Decision
from pipeline.loadtest._setup import Setup
from pipeline.rows import REQUESTS
from pipeline.scheduling import Assignment, told_values

__all__ = ["Row", "RunKey", "asked_columns", "record", "wishes"]

Row = dict[str, Any]

NOBODY_CAN = "no instance meets what it asks for"


@dataclass(frozen=True)
class RunKey:
    """What the rows of one run share; rate in requests/s."""

    traffic: str
    arm: str
    rate: float
    seed: int
    split: str
    label: str


def record(
    key: RunKey, decisions: list[Decision], setup: Setup, warmup_requests: int
) -> pl.DataFrame:
    """Return one REQUESTS row per decision, in order of arrival."""
    return REQUESTS.frame(
        {
            **asdict(key),
            "measured": decision.request >= warmup_requests,
            **asked_columns(decision.request, decision.assignment.row, setup),
            **_decided(decision),
            **_served(decision, setup),
            **_state(decision),
            **_believed(decision.assignment, setup),
        }
        for decision in sorted(decisions, key=lambda d: d.request)
    )


def asked_columns(request: int, row: int, setup: Setup) -> Row:
    """What a request asks, whoever serves it: columns that depend on its number and prompt row."""
    workload = setup.workload
    return {
        "request_id": request,
        "changed": request >= setup.changes_at,
        "prompt_id": workload.prompt_ids[row],
        "group_id": workload.group_ids[row],
        "dataset": workload.datasets[row],
        "prompt_tokens": int(setup.estimates.prompt_tokens[row]),
        **wishes(setup, row),
    }


def wishes(setup: Setup, row: int) -> dict[str, float | None]:
    """What the prompt of a row asks for; null for nothing."""
    asked = setup.objectives
    return {
        "ttft_slo_s": _finite(asked.ttft_s[row]),
        "tpot_slo_s": _finite(asked.tpot_s[row]),
        "budget_usd": _finite(asked.budget_usd[row]),
        "quality_floor": float(asked.quality_floor[row]) or None,
    }


def _decided(decision: Decision) -> Row:
    return {
        "t_scheduled": decision.scheduled,
        "t_issued": decision.issued,
        "t_decided": decision.decided,
        "decision_ms": (decision.decided - decision.started) * 1e3,
        "batch_size": decision.batch_size,
        "relaxations": decision.assignment.relaxations,
    }


def _served(decision: Decision, setup: Setup) -> Row:
    sequence, chosen = decision.sequence, decision.assignment.instance
    if sequence is None or chosen is None:
        return {
            "status": "refused",
            "failure": NOBODY_CAN,
            "cost_usd": 0.0,
            "output_tokens": 0,
            "cut": False,
        }
    truth, fleet = setup.truth(decision.request), setup.fleet
    row, model = decision.assignment.row, fleet.model_index[chosen]
    tier = fleet.params.tiers[fleet.tiers[chosen]]
    ok = sequence.done is not None
    # The label is of the whole answer, and nobody has judged a part of it.
    label = float(truth.quality[row, model]) if ok and not decision.cut else np.nan
    spent = sequence.prompt_tokens * tier.price_in + sequence.generated * tier.price_out
    return {
        "t_dispatched": sequence.submitted,
        "t_first_token": sequence.first_token,
        "t_done": sequence.done,
        "instance": fleet.names[chosen],
        "tier": fleet.tiers[chosen],
        "model": tier.model,
        "output_tokens": sequence.generated,
        "output_tokens_source": truth.output_sources[row][model],
        "cut": decision.cut and ok,
        "status": "ok" if ok else "failed",
        "failure": None if ok else decision.failure,
        "attempts": 1,
        "quality": _finite(label),
        "cost_usd": spent * 1e-6,
    }


def _state(decision: Decision) -> Row:
    told, i = decision.believed, decision.assignment.instance
    if i is None:
        return {}
    real = {
        "queue_true": told.true_queue,
        "pending_decode_true": told.true_pending_decode,
    }
    return {
        "queue_believed": float(told.queue[i]),
        "pending_decode_believed": float(told.pending_decode[i]),
        "telemetry_age_s": _finite(told.age[i]),
        **{name: None if values is None else float(values[i]) for name, values in real.items()},
    }


def _believed(assignment: Assignment, setup: Setup) -> Row:
    chosen, reads = assignment.instance, setup.arm.reads_prompt
    model = setup.fleet.model_index[chosen] if reads and chosen is not None else None
    return dict(told_values(assignment, setup.estimates, model))


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
