"""Judging with DeepEval: rules, similarity, reference-grounded G-Eval, recorded labels."""

from pipeline.judging._declined import is_refusal
from pipeline.judging._runner import SIMILARITY_SOURCE, TASK_METRIC, judge
from pipeline.judging._steps import RUBRIC_VERSION
from pipeline.judging._summary import agreement, judge_counts
from pipeline.judging._tasks import RULES, RULES_VERSION, metrics_for

__all__ = [
    "RUBRIC_VERSION",
    "RULES",
    "RULES_VERSION",
    "SIMILARITY_SOURCE",
    "TASK_METRIC",
    "agreement",
    "is_refusal",
    "judge",
    "judge_counts",
    "metrics_for",
]
