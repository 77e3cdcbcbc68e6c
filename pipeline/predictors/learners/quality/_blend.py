"""The mean of several learners, which is often better than the best of them."""

from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from pipeline.predictors._contract import Learner, Prompts
from pipeline.predictors._distribution import Distribution
from pipeline.stored import read_manifest, write_stored

__all__ = ["Blend"]

Floats = NDArray[np.float64]


class Blend:
    """Mean of the predictions of its parts, each weighted alike.

    Args:
        parts: learners by name.
    """

    name: ClassVar[str] = "blend"

    def __init__(self, parts: dict[str, Learner[Prompts]]) -> None:
        self.parts = parts

    def fit(self, columns: list[str], inputs: Prompts, values: Floats) -> Self:
        for part in self.parts.values():
            part.fit(columns, inputs, values)
        return self.joined()

    def joined(self) -> Self:
        """The blend of parts that are fitted already, on the same columns."""
        self.columns_ = next(iter(self.parts.values())).columns_
        return self

    def predict(self, inputs: Prompts) -> Floats:
        told = [part.predict(inputs) for part in self.parts.values()]
        mean: Floats = np.mean(told, axis=0)
        return mean

    def predict_distribution(self, inputs: Prompts) -> Distribution:
        return Distribution.point(self.predict(inputs))

    def save(self, folder: Path) -> None:
        def fill(part: Path) -> dict[str, Any]:
            for name, learner in self.parts.items():
                learner.save(part / name)
            return {"learner": self.name, "parts": list(self.parts)}

        write_stored("learner", folder, fill)

    @classmethod
    def load(cls, folder: Path) -> Self:
        from pipeline.predictors.learners._stored import load_learner

        told = read_manifest("learner", folder)
        return cls({name: load_learner(folder / name) for name in told["parts"]}).joined()
