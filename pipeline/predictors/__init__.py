"""Predictors of quality, output length and latency, calibrated on a split of their own."""

from pipeline.predictors._analytic import AnalyticTimes
from pipeline.predictors._contract import Learner, Prompts
from pipeline.predictors._distribution import LEVELS, Distribution
from pipeline.predictors._features import (
    FEATURE_SCHEMA,
    FEATURES,
    TARGETS,
    latency_features,
)
from pipeline.predictors._knn import NeighbourIndex, Neighbours
from pipeline.predictors._surface import SURFACE
from pipeline.predictors._train import Labelled, labelled, mean_costs
from pipeline.predictors._trees import TreeStack
from pipeline.predictors._tuned import TunedEncoder, text_batches
from pipeline.predictors.calibration import ConformalFactors, IsotonicCurve, RatioBounds
from pipeline.predictors.latency import (
    Head,
    LatencyCandidates,
    LatencyModel,
    compose_e2e,
    fit_candidates,
    latency_learning,
    latency_scores,
    latency_summary,
    load_latency,
    profile_features,
    save_latency,
    train_latency,
)
from pipeline.predictors.length import (
    LengthCandidates,
    LengthModel,
    LengthPrediction,
    fit_lengths,
    length_budgets,
    length_learning,
    length_scores,
    length_summary,
)
from pipeline.predictors.quality import (
    Ladder,
    QualityCandidates,
    QualityModel,
    QualityPrediction,
    fit_qualities,
    quality_learning,
    quality_reliability,
    quality_scores,
    quality_summary,
    routing_rows,
    select_quality,
    train_qualities,
)

__all__ = [
    "FEATURES",
    "FEATURE_SCHEMA",
    "LEVELS",
    "SURFACE",
    "TARGETS",
    "AnalyticTimes",
    "ConformalFactors",
    "Distribution",
    "Head",
    "IsotonicCurve",
    "Labelled",
    "Ladder",
    "LatencyCandidates",
    "LatencyModel",
    "Learner",
    "LengthCandidates",
    "LengthModel",
    "LengthPrediction",
    "NeighbourIndex",
    "Neighbours",
    "Prompts",
    "QualityCandidates",
    "QualityModel",
    "QualityPrediction",
    "RatioBounds",
    "TreeStack",
    "TunedEncoder",
    "compose_e2e",
    "fit_candidates",
    "fit_lengths",
    "fit_qualities",
    "labelled",
    "latency_features",
    "latency_learning",
    "latency_scores",
    "latency_summary",
    "length_budgets",
    "length_learning",
    "length_scores",
    "length_summary",
    "load_latency",
    "mean_costs",
    "profile_features",
    "quality_learning",
    "quality_reliability",
    "quality_scores",
    "quality_summary",
    "routing_rows",
    "save_latency",
    "select_quality",
    "text_batches",
    "train_latency",
    "train_qualities",
]
