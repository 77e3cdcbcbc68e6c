"""Learners of output lengths: tokens above 0, one column per model."""

from pipeline.predictors.learners.length._buckets import Buckets
from pipeline.predictors.learners.length._head import QuantileHead
from pipeline.predictors.learners.length._mean import ModelMean
from pipeline.predictors.learners.length._trees import QuantileXgboost

# Those that may be stored.
LENGTH_LEARNERS = (Buckets, ModelMean, QuantileHead, QuantileXgboost)

__all__ = ["LENGTH_LEARNERS", "Buckets", "ModelMean", "QuantileHead", "QuantileXgboost"]
