"""Statistics, one per file. Every interval is an `Estimate`; pairs come from one place."""

from pipeline.statistics._auc import auc_within_prompt
from pipeline.statistics._bootstrap import mean_interval
from pipeline.statistics._brier import brier
from pipeline.statistics._clusters import PairedDifferences, cluster_sums, paired_differences
from pipeline.statistics._coverage import coverage
from pipeline.statistics._ece import ReliabilityBin, ece
from pipeline.statistics._holm import holm
from pipeline.statistics._mape import mape
from pipeline.statistics._pareto import mixture_hull, pareto_mask, quality_on_hull
from pipeline.statistics._pinball import pinball
from pipeline.statistics._replication import (
    paired_replication_interval,
    paired_t_pvalue,
    replication_interval,
)
from pipeline.statistics._result import Estimate, degenerate
from pipeline.statistics._signflip import sign_flip_pvalue

__all__ = [
    "Estimate",
    "PairedDifferences",
    "ReliabilityBin",
    "auc_within_prompt",
    "brier",
    "cluster_sums",
    "coverage",
    "degenerate",
    "ece",
    "holm",
    "mape",
    "mean_interval",
    "mixture_hull",
    "paired_differences",
    "paired_replication_interval",
    "paired_t_pvalue",
    "pareto_mask",
    "pinball",
    "quality_on_hull",
    "replication_interval",
    "sign_flip_pvalue",
]
