"""TTFT and TPOT of every tier as they are served: one learner per tier, bounds, E2E."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import UnknownNameError
from pipeline.predictors._features import TARGETS
from pipeline.predictors.calibration import RatioBounds
from pipeline.predictors.learners.latency import TierLearner, TierStack

__all__ = ["Head", "LatencyModel", "TierBounds", "compose_e2e"]

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]

# Calibrated actual / predicted of every target of a tier.
TierBounds = Mapping[str, RatioBounds]


def compose_e2e(ttft: Floats, tpot: Floats, output_tokens: Floats) -> Floats:
    """Seconds from dispatch to the last token: TTFT + (output tokens - 1) * TPOT."""
    return ttft + np.maximum(output_tokens - 1.0, 0.0) * tpot


@dataclass(frozen=True)
class Head:
    """One target of one tier, with the bounds on its error."""

    learner: TierLearner
    target: str
    bounds: RatioBounds

    def predict(self, features: Singles) -> Floats:
        """Typical seconds, (n,)."""
        seconds: Floats = self.learner.predict(features)[
            :, self.learner.columns_.index(self.target)
        ]
        return seconds


class LatencyModel:
    """TTFT and TPOT of every tier, and how far off the untrained sources are.

    What is served of a learner is its prediction, one number per pair and target, and the
    calibrated distribution of actual / predicted, which is one for all states of a tier
    (`RatioBounds`): limits are asked of it, P(actual <= limit). The wider or narrower quantiles
    that some learners state for each state are judged in the table of the candidates, and not
    served, because a router would pay for every quantile what it pays for the prediction.

    Attributes:
        learners_: one per tier, all of one kind.
        bounds_: by tier and target (`TARGETS`), of these learners.
        untrained_: the same of the static prior and of the analytic model, by source, tier and
            target.
    """

    def __init__(
        self,
        learners: Mapping[str, TierLearner],
        bounds: Mapping[str, TierBounds],
        untrained: Mapping[str, Mapping[str, TierBounds]],
    ) -> None:
        self.learners_, self.bounds_, self.untrained_ = learners, bounds, untrained

    @property
    def learner(self) -> str:
        """Name of the learner of all tiers."""
        return next(iter(self.learners_.values())).name

    def bounds(self, tier: str) -> tuple[RatioBounds, RatioBounds]:
        """Bounds on TTFT and on TPOT, or UnknownNameError naming the nearest tier."""
        self._require(tier)
        ttft, tpot = (self.bounds_[tier][target] for target in TARGETS)
        return ttft, tpot

    def head(self, tier: str, target: str) -> Head:
        """One target of one tier, or UnknownNameError naming the nearest tier."""
        self._require(tier)
        return Head(self.learners_[tier], target, self.bounds_[tier][target])

    def stack(self, tiers: Sequence[str]) -> TierStack:
        """Put these tiers together, to predict rows of all of them in one call.

        Raises:
            UnknownNameError: the model does not know a tier.
        """
        for tier in tiers:
            self._require(tier)
        learners = [self.learners_[tier] for tier in tiers]
        return type(learners[0]).stack(learners)

    def _require(self, tier: str) -> None:
        if tier not in self.learners_:
            raise UnknownNameError("tier", tier, self.learners_, "the latency model")
