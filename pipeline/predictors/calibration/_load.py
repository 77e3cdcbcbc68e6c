"""Curves from their numbers, whichever kind they are."""

from typing import Any

from pipeline.errors import ModelError, nearest
from pipeline.predictors.calibration._beta import BetaCurve
from pipeline.predictors.calibration._curve import Curve
from pipeline.predictors.calibration._isotonic import IsotonicCurve
from pipeline.predictors.calibration._platt import PlattCurve

__all__ = ["load_curve"]

_KINDS: dict[str, type[Curve]] = {
    kind.kind: kind for kind in (PlattCurve, BetaCurve, IsotonicCurve)
}


def load_curve(numbers: dict[str, Any]) -> Curve:
    """The curve of the numbers that its `as_dict` gave.

    Raises:
        ModelError: of no kind that this program knows.
    """
    kind = str(numbers.get("kind"))
    if kind not in _KINDS:
        raise ModelError(f"unknown calibration curve {kind!r}; {nearest(kind, _KINDS)}")
    return _KINDS[kind].from_dict(numbers)
