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
from pipeline.predictors._latency import Head, LatencyModel, compose_e2e
from pipeline.predictors._latency_learning import latency_learning
from pipeline.predictors._latency_rows import profile_features
from pipeline.predictors._latency_scores import latency_scores, latency_summary
from pipeline.predictors._latency_train import (
    LatencyCandidates,
    fit_candidates,
    train_latency,
)
from pipeline.predictors._length import LengthModel, LengthPrediction
from pipeline.predictors._length_candidates import LengthCandidates, fit_lengths
from pipeline.predictors._length_learning import length_learning
from pipeline.predictors._length_limits import length_budgets
from pipeline.predictors._length_scores import length_scores, length_summary
from pipeline.predictors._quality import QualityModel, QualityPrediction
from pipeline.predictors._quality_candidates import (
    QualityCandidates,
    fit_qualities,
    train_qualities,
)
from pipeline.predictors._quality_learning import quality_learning
from pipeline.predictors._quality_selection import select_quality
from pipeline.predictors._quality_tables import quality_reliability, quality_scores, quality_summary
from pipeline.predictors._routing_scores import Ladder, routing_rows
from pipeline.predictors._store import load_latency, save_latency
from pipeline.predictors._surface import SURFACE
from pipeline.predictors._train import Labelled, labelled, mean_costs
from pipeline.predictors._trees import TreeStack
from pipeline.predictors._tuned import TunedEncoder, text_batches
from pipeline.predictors.calibration import ConformalFactors, IsotonicCurve, RatioBounds

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
