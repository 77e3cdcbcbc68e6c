"""Learners of quality: labels in [0, 1], one column per model."""

from pipeline.predictors.learners.quality._blend import Blend
from pipeline.predictors.learners.quality._boosted import Boosted
from pipeline.predictors.learners.quality._dataset_mean import DatasetMean
from pipeline.predictors.learners.quality._kernel import Kernel
from pipeline.predictors.learners.quality._kmeans import Kmeans
from pipeline.predictors.learners.quality._logistic import Logistic
from pipeline.predictors.learners.quality._low_rank import LowRank
from pipeline.predictors.learners.quality._ridge import Ridge
from pipeline.predictors.learners.quality._torch_head import TorchHead
from pipeline.predictors.learners.quality._tuned_head import TunedHead

# Those that may be stored.
QUALITY_LEARNERS = (
    Blend,
    Boosted,
    DatasetMean,
    Kernel,
    Kmeans,
    Logistic,
    LowRank,
    Ridge,
    TorchHead,
    TunedHead,
)

__all__ = [
    "QUALITY_LEARNERS",
    "Blend",
    "Boosted",
    "DatasetMean",
    "Kernel",
    "Kmeans",
    "Logistic",
    "LowRank",
    "Ridge",
    "TorchHead",
    "TunedHead",
]
