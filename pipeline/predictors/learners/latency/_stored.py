"""The candidates for a tier's latency by name, and on disk."""

from pathlib import Path

from pipeline.errors import ModelError, nearest
from pipeline.predictors.learners.latency._analytic import Analytic
from pipeline.predictors.learners.latency._constant import Static, TierConstant
from pipeline.predictors.learners.latency._linear import Linear
from pipeline.predictors.learners.latency._tier import TierLearner
from pipeline.predictors.learners.latency._xgboost import QuantileXgboost, Xgboost
from pipeline.stored import read_manifest

__all__ = ["LATENCY_LEARNERS", "load_tier_learner"]

LATENCY_LEARNERS: dict[str, type[TierLearner]] = {
    kind.name: kind for kind in (TierConstant, Static, Analytic, Linear, Xgboost, QuantileXgboost)
}


def load_tier_learner(folder: Path) -> TierLearner:
    """Read whichever learner of a tier a folder holds.

    Raises:
        ModelError: it is absent or damaged, or no latency learner of this program.
    """
    name = str(read_manifest("learner", folder).get("learner"))
    if name not in LATENCY_LEARNERS:
        raise ModelError(f"{folder}: holds the learner {name!r}; {nearest(name, LATENCY_LEARNERS)}")
    return LATENCY_LEARNERS[name].load(folder)
