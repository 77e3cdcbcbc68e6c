"""Every number with its interval: pairing, clusters, replications, frontiers, predictor scores.

Pure functions on arrays. Missing values are refused with `DataError`, never read as zero: callers
drop nulls and report how many. Input that cannot carry an interval gives an `Estimate` without
bounds whose method says why.

Which one to use: quality and cost vary over prompts, so `mean_interval` resamples clusters of
prompts (many columns jointly: `joint_means`; fewer than about 100 prompts: `small_mean_interval`);
latency varies over runs, so `replication_interval` takes one number per independent run. One run
alone has only `block_interval`.
"""

from pipeline.statistics._aiq import aiq
from pipeline.statistics._auc import auc_interval, auc_within_prompt
from pipeline.statistics._audc import audc
from pipeline.statistics._autocorrelation import effective_size
from pipeline.statistics._bands import Band, frontier_band
from pipeline.statistics._bh import benjamini_hochberg
from pipeline.statistics._bootstrap import (
    BootstrapMethod,
    joint_intervals,
    mean_interval,
    mean_intervals,
)
from pipeline.statistics._brier import brier
from pipeline.statistics._brier_parts import BrierParts, brier_intervals, brier_parts
from pipeline.statistics._budget import budget_excess
from pipeline.statistics._claims import Claim, Verdict, claim_pvalue, claim_verdict
from pipeline.statistics._clusters import (
    PairedColumns,
    cluster_sums,
    paired_columns,
)
from pipeline.statistics._coverage import coverage
from pipeline.statistics._detectable import detectable_over_clusters, detectable_over_runs
from pipeline.statistics._ece import ReliabilityBin, ece
from pipeline.statistics._ece_interval import ece_interval
from pipeline.statistics._exact import share_interval
from pipeline.statistics._field import FIELD_METRICS
from pipeline.statistics._gain import cost_save, gain, gap_to_oracle, perf_gain
from pipeline.statistics._goodput import attainment, goodput, limits_met
from pipeline.statistics._hierarchical import hierarchical_interval
from pipeline.statistics._holm import holm
from pipeline.statistics._hypervolume import hypervolume, hypervolumes
from pipeline.statistics._interval_of_draws import interval_of_draws, over_draws
from pipeline.statistics._iso import cost_at_quality, quality_at_cost
from pipeline.statistics._joint import JointMeans, joint_means
from pipeline.statistics._krippendorff import krippendorff_alpha
from pipeline.statistics._latency import latency_interval
from pipeline.statistics._mape import mape
from pipeline.statistics._martingale import alarm, conformal_pvalues, martingale
from pipeline.statistics._mcnemar import mcnemar
from pipeline.statistics._membership import membership
from pipeline.statistics._metric import MetricInfo
from pipeline.statistics._noise import noise_share
from pipeline.statistics._noise_floor import noise_floor
from pipeline.statistics._pareto import mixture_hull, pareto_mask, quality_on_hull
from pipeline.statistics._pearson import partial_correlation, pearson
from pipeline.statistics._pgr import apgr, cpt, pgr
from pipeline.statistics._pinball import pinball
from pipeline.statistics._qnc import qnc
from pipeline.statistics._regret import regrets
from pipeline.statistics._reliability_bins import ReliabilityBand, reliability_bins
from pipeline.statistics._replication import (
    paired_replication_interval,
    paired_t_pvalue,
    replication_interval,
)
from pipeline.statistics._result import Alternative, Estimate
from pipeline.statistics._routerarena import routerarena
from pipeline.statistics._run_draws import run_draws
from pipeline.statistics._signflip import sign_flip_pvalue
from pipeline.statistics._small import small_mean_interval
from pipeline.statistics._spearman import spearman
from pipeline.statistics._standard_error import clustered_standard_error
from pipeline.statistics._stationary import block_interval
from pipeline.statistics._tail import tail_reason
from pipeline.statistics._weighted import weighted_interval

__all__ = [
    "FIELD_METRICS",
    "Alternative",
    "Band",
    "BootstrapMethod",
    "BrierParts",
    "Claim",
    "Estimate",
    "JointMeans",
    "MetricInfo",
    "PairedColumns",
    "ReliabilityBand",
    "ReliabilityBin",
    "Verdict",
    "aiq",
    "alarm",
    "apgr",
    "attainment",
    "auc_interval",
    "auc_within_prompt",
    "audc",
    "benjamini_hochberg",
    "block_interval",
    "brier",
    "brier_intervals",
    "brier_parts",
    "budget_excess",
    "claim_pvalue",
    "claim_verdict",
    "cluster_sums",
    "clustered_standard_error",
    "conformal_pvalues",
    "cost_at_quality",
    "cost_save",
    "coverage",
    "cpt",
    "detectable_over_clusters",
    "detectable_over_runs",
    "ece",
    "ece_interval",
    "effective_size",
    "frontier_band",
    "gain",
    "gap_to_oracle",
    "goodput",
    "hierarchical_interval",
    "holm",
    "hypervolume",
    "hypervolumes",
    "interval_of_draws",
    "joint_intervals",
    "joint_means",
    "krippendorff_alpha",
    "latency_interval",
    "limits_met",
    "mape",
    "martingale",
    "mcnemar",
    "mean_interval",
    "mean_intervals",
    "membership",
    "mixture_hull",
    "noise_floor",
    "noise_share",
    "over_draws",
    "paired_columns",
    "paired_replication_interval",
    "paired_t_pvalue",
    "pareto_mask",
    "partial_correlation",
    "pearson",
    "perf_gain",
    "pgr",
    "pinball",
    "qnc",
    "quality_at_cost",
    "quality_on_hull",
    "regrets",
    "reliability_bins",
    "replication_interval",
    "routerarena",
    "run_draws",
    "share_interval",
    "sign_flip_pvalue",
    "small_mean_interval",
    "spearman",
    "tail_reason",
    "weighted_interval",
]
