"""What a split of its own makes of a raw prediction: calibration curves and conformal bounds."""

from pipeline.predictors.calibration._isotonic import IsotonicCurve
from pipeline.predictors.calibration._ratio import RatioBounds
from pipeline.predictors.calibration._shift import ConformalFactors

__all__ = ["ConformalFactors", "IsotonicCurve", "RatioBounds"]
