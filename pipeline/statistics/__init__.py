"""Every number with its interval: pairing, clusters, replications, frontiers, predictor scores.

Pure functions on arrays. Missing values are refused with `DataError`, never read as zero: callers
drop nulls and report how many. Input that cannot carry an interval gives an `Estimate` without
bounds whose method says why.

Which one to use: quality and cost vary over prompts, so `mean_interval` resamples clusters of
prompts; latency varies over runs, so `replication_interval` takes one number per independent run.
"""

from pipeline.statistics._auc import auc_within_prompt
from pipeline.statistics._bootstrap import BootstrapMethod, mean_interval, mean_intervals
from pipeline.statistics._brier import brier
from pipeline.statistics._clusters import (
    PairedColumns,
    PairedDifferences,
    cluster_sums,
    paired_columns,
    paired_differences,
)
from pipeline.statistics._coverage import coverage
from pipeline.statistics._ece import ReliabilityBin, ece
from pipeline.statistics._holm import holm
from pipeline.statistics._joint import JointMeans, joint_means
from pipeline.statistics._mape import mape
from pipeline.statistics._pareto import mixture_hull, pareto_mask, quality_on_hull
from pipeline.statistics._pinball import pinball
from pipeline.statistics._replication import (
    paired_replication_interval,
    paired_t_pvalue,
    replication_interval,
)
from pipeline.statistics._result import Alternative, Estimate
from pipeline.statistics._signflip import sign_flip_pvalue
from pipeline.statistics._tail import tail_reason

__all__ = [
    "Alternative",
    "BootstrapMethod",
    "Estimate",
    "JointMeans",
    "PairedColumns",
    "PairedDifferences",
    "ReliabilityBin",
    "auc_within_prompt",
    "brier",
    "cluster_sums",
    "coverage",
    "ece",
    "holm",
    "joint_means",
    "mape",
    "mean_interval",
    "mean_intervals",
    "mixture_hull",
    "paired_columns",
    "paired_differences",
    "paired_replication_interval",
    "paired_t_pvalue",
    "pareto_mask",
    "pinball",
    "quality_on_hull",
    "replication_interval",
    "sign_flip_pvalue",
    "tail_reason",
]
