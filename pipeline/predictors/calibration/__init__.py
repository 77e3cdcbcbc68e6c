"""What a split of its own makes of a raw prediction: calibration curves and conformal bounds."""

from pipeline.predictors.calibration._beta import BetaCurve
from pipeline.predictors.calibration._choice import CALIBRATIONS, Calibrated, fit_curves
from pipeline.predictors.calibration._contrast import Contrast
from pipeline.predictors.calibration._curve import Curve
from pipeline.predictors.calibration._isotonic import IsotonicCurve
from pipeline.predictors.calibration._load import load_curve
from pipeline.predictors.calibration._platt import PlattCurve
from pipeline.predictors.calibration._pooled import pooled_curves
from pipeline.predictors.calibration._ratio import RatioBounds
from pipeline.predictors.calibration._shift import ConformalFactors

__all__ = [
    "CALIBRATIONS",
    "BetaCurve",
    "Calibrated",
    "ConformalFactors",
    "Contrast",
    "Curve",
    "IsotonicCurve",
    "PlattCurve",
    "RatioBounds",
    "fit_curves",
    "load_curve",
    "pooled_curves",
]
