"""Live collection: what the models of a fleet answer, from any OpenAI-compatible endpoints."""

from pipeline.collecting._backoff import LONGEST_REST_S, pause_s, retry_after_s
from pipeline.collecting._bucket import TokenBucket, next_turn
from pipeline.collecting._collect import collect_live
from pipeline.collecting._open import asked_of
from pipeline.collecting._plan import PlanLine, Range, Total, plan_collect, plan_line
from pipeline.collecting._stage import JOURNAL, collect_stage

__all__ = [
    "JOURNAL",
    "LONGEST_REST_S",
    "PlanLine",
    "Range",
    "TokenBucket",
    "Total",
    "asked_of",
    "collect_live",
    "collect_stage",
    "next_turn",
    "pause_s",
    "plan_collect",
    "plan_line",
    "retry_after_s",
]
