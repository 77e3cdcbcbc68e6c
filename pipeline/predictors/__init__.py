"""Predictors of quality, output length and latency, calibrated on a split of their own."""

from pipeline.predictors._analytic import AnalyticTimes
from pipeline.predictors._conformal import RatioBounds
from pipeline.predictors._evaluate import (
    evaluate_latency,
    evaluate_length,
    evaluate_quality,
    reliability,
)
from pipeline.predictors._features import FEATURE_SCHEMA, FEATURES, latency_features
from pipeline.predictors._knn import NeighbourIndex, Neighbours, Prompts
from pipeline.predictors._latency import TARGETS, Head, LatencyModel, compose_e2e
from pipeline.predictors._length import LengthModel, LengthPrediction, bucket_share
from pipeline.predictors._prompts import PromptPredictor
from pipeline.predictors._quality import IsotonicCurve, QualityModel, QualityPrediction
from pipeline.predictors._store import (
    load_latency,
    load_length,
    load_quality,
    save_latency,
    save_length,
    save_quality,
)
from pipeline.predictors._train import Labelled, labelled, profile_features, train_latency
from pipeline.predictors._trees import TreeStack

__all__ = [
    "FEATURES",
    "FEATURE_SCHEMA",
    "TARGETS",
    "AnalyticTimes",
    "Head",
    "IsotonicCurve",
    "Labelled",
    "LatencyModel",
    "LengthModel",
    "LengthPrediction",
    "NeighbourIndex",
    "Neighbours",
    "PromptPredictor",
    "Prompts",
    "QualityModel",
    "QualityPrediction",
    "RatioBounds",
    "TreeStack",
    "bucket_share",
    "compose_e2e",
    "evaluate_latency",
    "evaluate_length",
    "evaluate_quality",
    "labelled",
    "latency_features",
    "load_latency",
    "load_length",
    "load_quality",
    "profile_features",
    "reliability",
    "save_latency",
    "save_length",
    "save_quality",
    "train_latency",
]
