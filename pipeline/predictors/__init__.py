"""Predictors of quality, output length and latency, calibrated on a split of their own."""

from pipeline.predictors._analytic import AnalyticTimes
from pipeline.predictors._contract import Learner, Prompts
from pipeline.predictors._distribution import LEVELS, Distribution
from pipeline.predictors._evaluate import (
    evaluate_quality,
    reliability,
)
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
from pipeline.predictors._quality_scores import quality_score_rows, reliability_rows
from pipeline.predictors._store import load_latency, save_latency
from pipeline.predictors._surface import SURFACE
from pipeline.predictors._train import Labelled, labelled
from pipeline.predictors._trees import TreeStack
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
    "LatencyCandidates",
    "LatencyModel",
    "Learner",
    "LengthCandidates",
    "LengthModel",
    "LengthPrediction",
    "NeighbourIndex",
    "Neighbours",
    "Prompts",
    "QualityModel",
    "QualityPrediction",
    "RatioBounds",
    "TreeStack",
    "compose_e2e",
    "evaluate_quality",
    "fit_candidates",
    "fit_lengths",
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
    "profile_features",
    "quality_score_rows",
    "reliability",
    "reliability_rows",
    "save_latency",
    "train_latency",
]
