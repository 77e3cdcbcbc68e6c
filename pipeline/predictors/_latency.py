"""TTFT and TPOT of a tier: XGBoost heads over the instance's state, conformal bounds, E2E."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import UnknownNameError
from pipeline.predictors._trees import Trees, TreeStack
from pipeline.predictors.calibration import RatioBounds

if TYPE_CHECKING:
    from xgboost import Booster

__all__ = ["TARGETS", "UNTRAINED", "Head", "LatencyModel", "compose_e2e"]

Floats = NDArray[np.float64]
TARGETS = ("ttft_s", "tpot_s")
UNTRAINED = ("static", "analytic")


def compose_e2e(ttft: Floats, tpot: Floats, output_tokens: Floats) -> Floats:
    """Seconds from dispatch to the last token: TTFT + (output tokens - 1) * TPOT."""
    return ttft + np.maximum(output_tokens - 1.0, 0.0) * tpot


@dataclass(frozen=True)
class Head:
    """One regressor of log seconds, with bounds; serves on one thread."""

    booster: "Booster"
    bounds: RatioBounds

    @classmethod
    def fit(
        cls,
        features: NDArray[np.float32],
        seconds: Floats,
        calibration_features: NDArray[np.float32],
        calibration_seconds: Floats,
        *,
        options: dict[str, float | int],
        rounds: int,
        level: float,
        seed: int,
    ) -> "Head":
        """Train on (n, F) features against seconds (n,) above 0; bound on the calibration part.

        The log makes the squared error relative, which is what a ratio bound needs.
        """
        from xgboost import DMatrix, train

        settings = {"objective": "reg:squarederror", "nthread": 1, "seed": seed, **options}
        booster = train(settings, DMatrix(features, label=np.log(seconds)), rounds)
        predicted = _seconds(Trees.of(booster), calibration_features)
        return cls(booster, RatioBounds.fit(calibration_seconds, predicted, level))

    def predict(self, features: NDArray[np.float32]) -> Floats:
        """Expected seconds, (n,)."""
        return _seconds(self.trees, features)

    @cached_property
    def trees(self) -> Trees:
        """What `predict` and a `TreeStack` work with, taken from the booster when first needed."""
        return Trees.of(self.booster)


def _seconds(trees: Trees, features: NDArray[np.float32]) -> Floats:
    alone = np.zeros(len(features), dtype=np.int64)
    return TreeStack([[trees]]).seconds(features, alone)[:, 0]


class LatencyModel:
    """TTFT and TPOT heads by tier, and how far off the untrained sources are.

    Attributes:
        heads_: heads by tier and target (`TARGETS`).
        untrained_: calibrated actual / predicted of the static prior and of the analytic model, by
            source (`UNTRAINED`), tier and target.
    """

    def __init__(
        self,
        heads: dict[str, dict[str, Head]],
        untrained: dict[str, dict[str, dict[str, RatioBounds]]],
    ) -> None:
        self.heads_ = heads
        self.untrained_ = untrained

    def head(self, tier: str, target: str) -> Head:
        """Return one head, or raise UnknownNameError naming the nearest tier."""
        if tier not in self.heads_:
            raise UnknownNameError("tier", tier, self.heads_, "the latency model")
        return self.heads_[tier][target]

    def stack(self, tiers: Sequence[str]) -> TreeStack:
        """Put the heads of these tiers together, to predict rows of all of them in one call.

        Raises:
            UnknownNameError: the model has no heads of a tier.
        """
        return TreeStack([[self.head(tier, target).trees for target in TARGETS] for tier in tiers])
