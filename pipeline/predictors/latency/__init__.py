"""Times of a tier: candidates, bounds, what serves, scores."""

from pipeline.predictors.latency._learning import latency_learning
from pipeline.predictors.latency._model import Head, LatencyModel, compose_e2e
from pipeline.predictors.latency._rows import profile_features
from pipeline.predictors.latency._scores import latency_scores, latency_summary
from pipeline.predictors.latency._store import load_latency, save_latency
from pipeline.predictors.latency._train import LatencyCandidates, fit_candidates, train_latency

__all__ = [
    "Head",
    "LatencyCandidates",
    "LatencyModel",
    "compose_e2e",
    "fit_candidates",
    "latency_learning",
    "latency_scores",
    "latency_summary",
    "load_latency",
    "profile_features",
    "save_latency",
    "train_latency",
]
