"""One candidate for the latency of one tier, trained and calibrated."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.predictors._distribution import LEVELS, quantile_place
from pipeline.predictors._features import TARGETS
from pipeline.predictors.calibration import ConformalFactors, RatioBounds
from pipeline.predictors.latency._model import TierBounds
from pipeline.predictors.latency._rows import TierRows
from pipeline.predictors.learners.latency import TierLearner

__all__ = ["METRICS", "Fitted"]

Floats = NDArray[np.float64]

METRICS = ("mape", "pinball", "pinball_served", "coverage", "width")


@dataclass(frozen=True)
class Fitted:
    """A trained learner, and how far off it was on the calibration runs.

    Attributes:
        learner: of one tier.
        factors: by target, on its quantiles: what it foretells of each state.
        bounds: by target, on its prediction: what is served of it.
        level: coverage of the interval between two calibrated quantiles.
    """

    learner: TierLearner
    factors: Mapping[str, ConformalFactors]
    bounds: TierBounds
    level: float

    @classmethod
    def fit(
        cls, learner: TierLearner, train: TierRows, calibration: TierRows, level: float
    ) -> "Fitted":
        """Train and calibrate; raises DataError where a target has too few rows."""
        learner.fit(list(TARGETS), train.features, train.seconds)
        predicted = learner.predict(calibration.features)
        quantiles = learner.predict_distribution(calibration.features).values
        factors, bounds = {}, {}
        for place, target in enumerate(TARGETS):
            actual = calibration.seconds[:, place]
            known = ~np.isnan(actual)
            factors[target] = ConformalFactors.fit(actual[known], quantiles[known, place], level)
            bounds[target] = RatioBounds.fit(actual[known], predicted[known, place], level)
        return cls(learner, factors, bounds, level)

    def quantiles(self, rows: TierRows) -> Floats:
        """Calibrated quantiles of each state at `LEVELS`, s, (n, len(TARGETS), len(LEVELS))."""
        raw = self.learner.predict_distribution(rows.features).values
        told = [self.factors[target].apply(raw[:, place]) for place, target in enumerate(TARGETS)]
        return np.stack(told, axis=1)

    def judge(self, rows: TierRows) -> Floats:
        """The `METRICS` of each request, (n, len(TARGETS), len(METRICS)); NaN with its time.

        * mape: |actual - predicted| / actual, of the prediction that is served, a share;
        * pinball: mean over `LEVELS` of the pinball loss of log seconds of the calibrated
          quantiles, in log seconds: 0.01 is about 1 % of the time, on fast and slow tiers alike;
        * pinball_served: the same of the served prediction and its `RatioBounds`;
        * coverage: 1 where the calibrated interval holds the time;
        * width: log(high / low) of that interval.
        """
        predicted, quantiles = self.learner.predict(rows.features), self.quantiles(rows)
        ratios = np.array([self.bounds[target].at(np.array(LEVELS)) for target in TARGETS])
        tail = (1 - self.level) / 2
        low, high = (quantiles[:, :, quantile_place(level)] for level in (tail, 1 - tail))
        actual = rows.seconds
        inside = np.where(np.isnan(actual), np.nan, (low <= actual) & (actual <= high))
        told = {
            "mape": np.abs(actual - predicted) / actual,
            "pinball": _log_pinball(actual, quantiles),
            "pinball_served": _log_pinball(actual, predicted[:, :, None] * ratios),
            "coverage": inside,
            "width": np.where(np.isnan(actual), np.nan, np.log(high / low)),
        }
        return np.stack([told[metric] for metric in METRICS], axis=2)


def _log_pinball(actual: Floats, quantiles: Floats) -> Floats:
    """Mean over `LEVELS` of the loss of each row, (n, C); NaN where the actual value is."""
    distance = np.log(actual)[:, :, None] - np.log(quantiles)
    levels = np.array(LEVELS)
    loss: Floats = np.maximum(levels * distance, (levels - 1.0) * distance).mean(axis=2)
    return loss
