"""What a learner of one tier adds to the contract: many tiers are served in one call."""

from collections.abc import Sequence
from typing import ClassVar, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from pipeline.predictors._contract import Learner

__all__ = ["TierLearner", "TierStack"]

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]


class TierStack(Protocol):
    """Learners of several tiers, ready to serve."""

    def predict(self, features: Singles, tier: NDArray[np.int64]) -> tuple[Floats, Floats]:
        """Seconds to the first token and per token, (n,) each.

        Args:
            features: (n, F).
            tier: position of each row's tier in the stack, (n,).
        """
        ...


class TierLearner(Learner[Singles], Protocol):
    """A candidate for the latency of one tier; it serves what it predicts.

    Inputs are the features of `latency_features`, (N, F), columns are `TARGETS`. `predict` is the
    typical time, in s: a median, or the mean of log seconds, which is one under a symmetric error.
    """

    name: ClassVar[str]

    @classmethod
    def stack(cls, learners: Sequence[Self]) -> TierStack:
        """Put learners of this kind together, one per tier."""
        ...
