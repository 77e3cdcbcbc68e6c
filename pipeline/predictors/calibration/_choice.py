"""Which calibration a model gets, by name or by cross-validation."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import UnknownNameError
from pipeline.predictors.calibration._beta import BetaCurve
from pipeline.predictors.calibration._curve import Curve
from pipeline.predictors.calibration._isotonic import IsotonicCurve
from pipeline.predictors.calibration._platt import PlattCurve
from pipeline.predictors.calibration._pooled import pooled_curves
from pipeline.statistics import clustered_standard_error
from pipeline.streams import unit_hash

__all__ = ["CALIBRATIONS", "Calibrated", "fit_curves"]

Floats = NDArray[np.float64]

_OWN: dict[str, type[Curve]] = {kind.kind: kind for kind in (PlattCurve, BetaCurve, IsotonicCurve)}
_KINDS = ("pooled", *_OWN)
CALIBRATIONS = ("auto", *_KINDS)

_FOLDS = 5
# Labels of a model below which five folds say nothing about its curve.
_LEAST = 20


class Calibrated(NamedTuple):
    """Curves of M models, and by which calibration each was fitted."""

    curves: list[Curve]
    chosen: list[str]


def fit_curves(
    calibration: str,
    raw: Floats,
    labels: Floats,
    level: float,
    groups: Sequence[str] | None = None,
) -> Calibrated:
    """Fit a curve per model.

    ``auto`` takes for each model the kind of least Brier score in five folds of whole groups. The
    pooled curve stays unless another is better by more than the standard error of the difference,
    because the least of four equally good ones is a lottery.

    Args:
        calibration: one of `CALIBRATIONS`.
        raw: (n, M) scores.
        labels: (n, M) outcomes in 0..1, NaN where unknown.
        level: of the bounds.
        groups: n names of what stays in one fold; every row by itself where None.

    Raises:
        UnknownNameError: no such calibration.
        DataError: a model has fewer than two labels.
    """
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    if calibration not in CALIBRATIONS:
        raise UnknownNameError("calibration", calibration, CALIBRATIONS, "quality.calibration")
    # The optimiser wakes every thread for its 3 x 3 matrices: twenty times slower on busy cores.
    with threadpool_limits(1):
        if calibration == "auto":
            return _best(raw, labels, level, groups)
        curves = _curves(calibration, raw, labels, level)
    return Calibrated(curves, [calibration] * len(curves))


def _best(raw: Floats, labels: Floats, level: float, groups: Sequence[str] | None) -> Calibrated:
    names = [str(row) for row in range(len(raw))] if groups is None else groups
    chosen = _choices(raw, labels, level, names)
    found = {kind: _curves(kind, raw, labels, level) for kind in dict.fromkeys(chosen)}
    return Calibrated([found[kind][model] for model, kind in enumerate(chosen)], chosen)


def _curves(kind: str, raw: Floats, labels: Floats, level: float) -> list[Curve]:
    if kind == "pooled":
        return list(pooled_curves(raw, labels, level))
    known = ~np.isnan(labels)
    return [
        _OWN[kind].fit(raw[rows, model], labels[rows, model], level)
        for model, rows in enumerate(known.T)
    ]


def _choices(raw: Floats, labels: Floats, level: float, names: Sequence[str]) -> list[str]:
    """The kind of each model."""
    models = raw.shape[1]
    fold = np.array([int(_FOLDS * unit_hash(name, "calibration")) for name in names])
    known = ~np.isnan(labels)
    left = [known[fold != one].sum(axis=0).min() for one in np.unique(fold)]
    if known.sum(axis=0).min() < _LEAST or min(left) < 2:
        return ["pooled"] * models
    losses = np.full((len(_KINDS), *raw.shape), np.nan)
    for one in np.unique(fold):
        fitted, judged = fold != one, fold == one
        for place, kind in enumerate(_KINDS):
            curves = _curves(kind, raw[fitted], labels[fitted], level)
            told = [curve.apply(raw[judged, model])[0] for model, curve in enumerate(curves)]
            losses[place, judged] = (np.column_stack(told) - labels[judged]) ** 2
    groups = np.array(names)
    return [_least(losses[:, rows, model], groups[rows]) for model, rows in enumerate(known.T)]


def _least(losses: Floats, groups: NDArray[np.str_]) -> str:
    """The kind of least loss, (kinds, n), where it beats the first by a standard error."""
    best = int(np.argmin(losses.mean(axis=1)))
    gain = losses[0] - losses[best]
    error = clustered_standard_error(gain, groups)
    return _KINDS[best] if error is not None and float(gain.mean()) > error else _KINDS[0]
