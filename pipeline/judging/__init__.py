"""Judging with DeepEval: rules, similarity, reference-grounded G-Eval, recorded labels."""

from pipeline.judging._rules import RULES, TASK_METRIC, metrics_for
from pipeline.judging._run import SIMILARITY_SOURCE, judge
from pipeline.judging._summary import agreement, judge_counts

__all__ = [
    "RULES",
    "SIMILARITY_SOURCE",
    "TASK_METRIC",
    "agreement",
    "judge",
    "judge_counts",
    "metrics_for",
]
