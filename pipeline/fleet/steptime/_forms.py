"""Fits of the three forms to composed iterations."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from pipeline.fleet._step import StepTime
from pipeline.fleet.steptime._knots import thin
from pipeline.fleet.steptime._predict import curve_ms
from pipeline.fleet.steptime._robust import linear_fit, nonlinear_fit
from pipeline.fleet.steptime._rows import Rows

__all__ = ["FORMS", "fit_curve", "fit_form", "fit_roofline", "fit_simple"]

Floats = NDArray[np.float64]

_KNOT_TOLERANCE = 0.004
_MOST_KNOTS = 40


def fit_simple(rows: Rows, weights: Floats) -> StepTime:
    """t = a + b*P + c*D + d*S."""
    terms = np.stack([np.ones_like(rows.ms), rows.prefill, rows.decode, rows.context], axis=1)
    a, b, c, d = linear_fit(terms, rows.ms, rows.ms, weights).tolist()
    return StepTime.simple(a, b, c, d)


def fit_roofline(rows: Rows, weights: Floats) -> StepTime:
    """t = max(w + c*N, e + f*N) + d*S + q*Q."""
    tokens, context, work = rows.tokens, rows.context, rows.work

    def model(v: Floats) -> Floats:
        dense = np.maximum(v[0] + v[1] * tokens, v[2] + v[3] * tokens)
        return np.asarray(dense + v[4] * context + v[5] * work, np.float64)

    terms = np.stack([np.ones_like(rows.ms), tokens, context, work], axis=1)
    a, f, d, q = linear_fit(terms, rows.ms, rows.ms, weights)
    start = np.array([a, f / 2, a / 2, f, d, q])
    found = nonlinear_fit(model, start, np.zeros(6), rows.ms, rows.ms, weights)
    return StepTime.roofline(*found.tolist())


def fit_curve(rows: Rows, weights: Floats, points: tuple[Floats, Floats]) -> StepTime:
    """The measured dense curve with few corners, and attention fitted around it.

    Decode-only rows give what every iteration has on top of the curve, c and d; rows with prefill
    give the rest. Without mixed rows their rates stay those of decoding alone.

    Args:
        rows: iterations.
        weights: of the rows; (R,).
        points: token counts and milliseconds of the dense operators; (K,) each.
    """
    tokens, dense = points
    only = rows.kinds()["decode"]
    base, c, d = _decoding(rows.where(only), weights[only])
    knots, curve = thin(tokens, dense + base, _KNOT_TOLERANCE, _MOST_KNOTS)
    step = StepTime(tuple(knots), tuple(curve), float(dense[-1] / tokens[-1]), c=c, d=d)
    return _with_prefill(step, rows.where(~only), weights[~only])


def _decoding(rows: Rows, weights: Floats) -> tuple[float, float, float]:
    terms = np.stack([np.ones_like(rows.ms), rows.decode, rows.context], axis=1)
    base, c, d = linear_fit(terms, rows.ms - rows.dense, rows.ms, weights).tolist()
    return base, c, d


def _with_prefill(step: StepTime, rows: Rows, weights: Floats) -> StepTime:
    mixed = bool((rows.decode > 0).any())
    rest = rows.ms - curve_ms(step, rows.tokens)
    terms = [rows.prefill, rows.work, *((rows.decode, rows.context) if mixed else ())]
    stacked = np.stack(terms, axis=1)
    longest = rows.longest

    def model(v: Floats) -> Floats:
        return np.asarray(v[0] + np.maximum(stacked @ v[2:], v[1] * longest), np.float64)

    # If the walk is added rather than overlapped, all terms are linear: a start off the flat side.
    added = np.concatenate([longest[:, None], stacked], axis=1)
    start = np.array([0.0, *linear_fit(added, np.maximum(rest, 0.0), rows.ms, weights)])
    low = np.zeros_like(start)
    low[0] = -0.9 * min(step.curve)
    b, walk, p, q, *shared = nonlinear_fit(model, start, low, rest, rows.ms, weights).tolist()
    c_mixed, d_mixed = shared if mixed else (None, None)
    return StepTime(
        step.knots, step.curve, step.tail, p, step.c, step.d, q, c_mixed, d_mixed, walk, b
    )


def fit_form(form: str, rows: Rows, weights: Floats, points: tuple[Floats, Floats]) -> StepTime:
    """Fit one of FORMS."""
    return FORMS[form](rows, weights, points)


FORMS: dict[str, Callable[[Rows, Floats, tuple[Floats, Floats]], StepTime]] = {
    "simple": lambda rows, weights, _: fit_simple(rows, weights),
    "roofline": lambda rows, weights, _: fit_roofline(rows, weights),
    "curve": fit_curve,
}
