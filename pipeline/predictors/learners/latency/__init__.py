"""Candidates for the latency of one tier: what each makes of an instance's state."""

from pipeline.predictors.learners.latency._analytic import Analytic
from pipeline.predictors.learners.latency._constant import Static, TierConstant
from pipeline.predictors.learners.latency._linear import Linear
from pipeline.predictors.learners.latency._stored import LATENCY_LEARNERS, load_tier_learner
from pipeline.predictors.learners.latency._tier import TierLearner, TierStack
from pipeline.predictors.learners.latency._xgboost import QuantileXgboost, Xgboost

__all__ = [
    "LATENCY_LEARNERS",
    "Analytic",
    "Linear",
    "QuantileXgboost",
    "Static",
    "TierConstant",
    "TierLearner",
    "TierStack",
    "Xgboost",
    "load_tier_learner",
]
