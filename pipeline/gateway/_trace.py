"""One line about one request: what was believed, what was decided, when what happened."""

import json
import math
from typing import Any

from pipeline.fleet import Fleet
from pipeline.gateway._ticket import Decided, Ticket
from pipeline.scheduling import told_values

__all__ = ["HEADER", "log_line", "trace_header"]

HEADER = "x-routebalance-trace"


def trace_header(ticket: Ticket, arm: str, fleet: Fleet) -> str:
    """JSON in one line: columns of REQUESTS as far as they are known, and times since it came, s.

    It holds neither prompts nor keys.
    """
    return json.dumps(_told(ticket, arm, fleet), separators=(",", ":"), allow_nan=False)


def log_line(ticket: Ticket, arm: str, fleet: Fleet) -> str:
    """The same with how it ended."""
    ended = {
        "http": ticket.http,
        "outcome": ticket.outcome,
        "failure": None if ticket.failure is None else ticket.failure.reason,
        "output_tokens": ticket.tokens,
        "done_s": _since(ticket, ticket.done),
    }
    return json.dumps(_told(ticket, arm, fleet) | ended, separators=(",", ":"), allow_nan=False)


def _told(ticket: Ticket, arm: str, fleet: Fleet) -> dict[str, Any]:
    decided = ticket.decided
    told = {
        "number": ticket.number,
        "arm": arm if decided is None else decided.parts.choice.arm,
        "attempts": ticket.attempts,
        "relaxations": ticket.relaxations,
        "decided_s": _since(ticket, None if decided is None else decided.at),
        "dispatched_s": _since(ticket, ticket.dispatched),
        "first_token_s": _since(ticket, ticket.first_token),
    }
    return told if decided is None else told | _decided(decided, fleet)


def _decided(decided: Decided, fleet: Fleet) -> dict[str, Any]:
    chosen, reads = decided.instance, decided.parts.arm.reads_prompt
    read = fleet.model_index[chosen] if reads else None
    return {
        "instance": fleet.names[chosen],
        "tier": fleet.tiers[chosen],
        "model": fleet.models[chosen],
        "prompt_tokens": decided.prompt_tokens,
        "batch_size": decided.batch_size,
        "decision_ms": round((decided.at - decided.started) * 1e3, 4),
        "queue_believed": decided.queue,
        "pending_decode_believed": decided.pending_decode,
        "telemetry_age_s": decided.age_s if math.isfinite(decided.age_s) else None,
        **told_values(decided.assignment, decided.estimates, read),
    }


def _since(ticket: Ticket, at: float | None) -> float | None:
    return None if at is None else round(at - ticket.came, 6)
