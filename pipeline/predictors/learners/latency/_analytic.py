"""The queue model as a candidate: the form of the engine, nothing trained."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from pipeline.fleet import Limits, StepTime
from pipeline.predictors._analytic import AnalyticTimes
from pipeline.predictors._distribution import Distribution
from pipeline.predictors._features import OBSERVED
from pipeline.stored import read_manifest, write_stored

__all__ = ["Analytic"]

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]

# The model counts blocks by tokens, and does not ask for the share of them in use.
_ASKED = [place for place, name in enumerate(OBSERVED) if name != "kv_utilisation"]


class _Queues:
    """A stack of queue models."""

    def __init__(self, learners: Sequence["Analytic"]) -> None:
        self._times = AnalyticTimes.of(
            [learner.step for learner in learners], [learner.limits for learner in learners]
        )

    def predict(self, features: Singles, tier: NDArray[np.int64]) -> tuple[Floats, Floats]:
        asked = features[:, _ASKED].T.astype(np.float64)
        return self._times.predict(tier, *asked)


class Analytic:
    """TTFT and TPOT of `AnalyticTimes` on one tier.

    Args:
        step, limits: its iteration times and what it can hold.
    """

    name: ClassVar[str] = "analytic"

    def __init__(self, step: StepTime, limits: Limits) -> None:
        self.step, self.limits = step, limits

    def fit(self, columns: list[str], inputs: Singles, values: Floats) -> Self:
        self.columns_ = list(columns)
        return self

    def predict(self, inputs: Singles) -> Floats:
        alone = np.zeros(len(inputs), dtype=np.int64)
        return np.stack(_Queues([self]).predict(inputs, alone), axis=1)

    def predict_distribution(self, inputs: Singles) -> Distribution:
        return Distribution.point(self.predict(inputs))

    def save(self, folder: Path) -> None:
        def fill(part: Path) -> dict[str, Any]:
            return {
                "learner": self.name,
                "columns": self.columns_,
                "step": asdict(self.step),
                "limits": self.limits._asdict(),
            }

        write_stored("learner", folder, fill)

    @classmethod
    def load(cls, folder: Path) -> Self:
        told = read_manifest("learner", folder)
        points = {name: tuple(told["step"][name]) for name in ("knots", "curve")}
        learner = cls(StepTime(**{**told["step"], **points}), Limits(**told["limits"]))
        learner.columns_ = told["columns"]
        return learner

    @classmethod
    def stack(cls, learners: Sequence[Self]) -> _Queues:
        return _Queues(learners)
