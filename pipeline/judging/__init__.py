"""Judging with DeepEval: rules, similarity, reference-grounded G-Eval, recorded labels."""

from pipeline.judging._agreement import agreement
from pipeline.judging._audit import audit, position_pairs
from pipeline.judging._cases import SIMILARITY_SOURCE, TASK_METRIC
from pipeline.judging._declined import is_refusal
from pipeline.judging._forecast import judge_questions, plan_judges, plan_judges_ahead
from pipeline.judging._runner import judge
from pipeline.judging._served import (
    judge_served,
    sample_served,
    served_quality,
    served_quality_lines,
)
from pipeline.judging._stage import JOURNAL, judge_stage
from pipeline.judging._summary import judge_counts
from pipeline.judging._tasks import RULES, metrics_for

__all__ = [
    "JOURNAL",
    "RULES",
    "SIMILARITY_SOURCE",
    "TASK_METRIC",
    "agreement",
    "audit",
    "is_refusal",
    "judge",
    "judge_counts",
    "judge_questions",
    "judge_served",
    "judge_stage",
    "metrics_for",
    "plan_judges",
    "plan_judges_ahead",
    "position_pairs",
    "sample_served",
    "served_quality",
    "served_quality_lines",
]
