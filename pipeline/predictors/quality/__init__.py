"""Quality of every model's answer: candidates, selection, scores and what routing makes of it."""

from pipeline.predictors.quality._candidates import (
    QualityCandidates,
    fit_qualities,
    quality_learner,
    train_qualities,
)
from pipeline.predictors.quality._learning import quality_learning
from pipeline.predictors.quality._model import QualityModel, QualityPrediction
from pipeline.predictors.quality._routing_scores import Ladder, routing_rows
from pipeline.predictors.quality._selection import select_quality
from pipeline.predictors.quality._tables import quality_reliability, quality_scores, quality_summary

__all__ = [
    "Ladder",
    "QualityCandidates",
    "QualityModel",
    "QualityPrediction",
    "fit_qualities",
    "quality_learner",
    "quality_learning",
    "quality_reliability",
    "quality_scores",
    "quality_summary",
    "routing_rows",
    "select_quality",
    "train_qualities",
]
