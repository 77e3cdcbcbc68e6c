"""Output length of every model's answer: candidates, conformal quantiles, scores."""

from pipeline.predictors.length._candidates import LengthCandidates, fit_lengths, length_learner
from pipeline.predictors.length._learning import length_learning
from pipeline.predictors.length._limits import length_budgets
from pipeline.predictors.length._loss import METRICS, judge_lengths, pinball_losses
from pipeline.predictors.length._model import LengthModel, LengthPrediction
from pipeline.predictors.length._scores import length_scores, length_summary

__all__ = [
    "METRICS",
    "LengthCandidates",
    "LengthModel",
    "LengthPrediction",
    "fit_lengths",
    "judge_lengths",
    "length_budgets",
    "length_learner",
    "length_learning",
    "length_scores",
    "length_summary",
    "pinball_losses",
]
