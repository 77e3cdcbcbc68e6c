"""The mean of each model on the prompt's data set: a reference that no server can ask."""

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from pipeline.predictors._contract import Prompts
from pipeline.predictors._known import column_means
from pipeline.predictors.learners.quality._stored import ArrayLearner

__all__ = ["DatasetMean"]

Floats = NDArray[np.float64]


class DatasetMean(ArrayLearner):
    """Mean label by data set, of all prompts where the data set is new.

    It needs the name of the data set, which requests do not carry, so it is never selected.
    """

    name: ClassVar[str] = "dataset_mean"
    arrays: ClassVar[tuple[str, ...]] = ("overall_", "names_", "means_")

    overall_: Floats
    names_: NDArray[Any]
    means_: Floats

    def _learn(self, inputs: Prompts, values: Floats) -> None:
        names = np.array(inputs.required_datasets())
        self.overall_ = column_means(values)
        self.names_ = np.unique(names)
        self.means_ = np.array(
            [column_means(values[names == name], self.overall_) for name in self.names_]
        )

    def predict(self, inputs: Prompts) -> Floats:
        known = dict(zip(self.names_.tolist(), self.means_, strict=True))
        asked = inputs.required_datasets()
        return np.array([known.get(name, self.overall_) for name in asked]).reshape(
            len(asked), len(self.columns_)
        )
