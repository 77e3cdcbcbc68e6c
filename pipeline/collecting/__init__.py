"""Live collection: what the models of a fleet answer, from any OpenAI-compatible endpoints."""

from pipeline.collecting._collect import collect_live
from pipeline.collecting._open import asked_of
from pipeline.collecting._plan import PlanLine, Range, Total, plan_collect, plan_line
from pipeline.collecting._stage import JOURNAL, collect_stage

__all__ = [
    "JOURNAL",
    "PlanLine",
    "Range",
    "Total",
    "asked_of",
    "collect_live",
    "collect_stage",
    "plan_collect",
    "plan_line",
]
