"""The candidates: every way to learn quality, length or latency, one per file."""

from pipeline.predictors.learners._knn import Knn
from pipeline.predictors.learners._stored import LEARNERS, load_learner

__all__ = ["LEARNERS", "Knn", "load_learner"]
