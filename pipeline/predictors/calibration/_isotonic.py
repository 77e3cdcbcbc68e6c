"""Isotonic calibration of a score in [0, 1]."""

from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import DataError

__all__ = ["IsotonicCurve"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class IsotonicCurve:
    """A calibration curve: knots of raw score against calibrated quality and its bounds.

    Bounds are Wilson intervals on each level of the isotonic fit, with the number of calibration
    rows on that level. For scores in [0, 1] that are not 0 or 1 they are conservative, since no
    such score varies more than a Bernoulli one of equal mean.
    """

    kind: ClassVar[str] = "isotonic"

    raw: Floats
    value: Floats
    low: Floats
    high: Floats

    @classmethod
    def fit(cls, raw: Floats, label: Floats, level: float) -> Self:
        """As `Curve.fit`."""
        from scipy.stats import norm
        from sklearn.isotonic import IsotonicRegression

        if len(raw) < 2:
            raise DataError(f"{len(raw)} calibration rows are too few to calibrate a model")
        fit = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip").fit(raw, label)
        knots = np.asarray(fit.X_thresholds_, dtype=float)
        values = np.asarray(fit.y_thresholds_, dtype=float)
        fitted = fit.predict(raw)
        counts = np.array([max(1, int(np.isclose(fitted, value).sum())) for value in values])
        z = float(norm.ppf((1 + level) / 2))
        centre = (values + z * z / (2 * counts)) / (1 + z * z / counts)
        spread = values * (1 - values) / counts + z * z / (4 * counts * counts)
        half = z * np.sqrt(spread) / (1 + z * z / counts)
        return cls(knots, values, np.clip(centre - half, 0, 1), np.clip(centre + half, 0, 1))

    def apply(self, raw: Floats) -> tuple[Floats, Floats, Floats]:
        """As `Curve.apply`."""
        value = np.interp(raw, self.raw, self.value)
        low = np.minimum(np.interp(raw, self.raw, self.low), value)
        high = np.maximum(np.interp(raw, self.raw, self.high), value)
        return value, low, high

    def as_dict(self) -> dict[str, Any]:
        """As `Curve.as_dict`."""
        knots = {name: values.tolist() for name, values in asdict(self).items()}
        return {"kind": self.kind, **knots}

    @classmethod
    def from_dict(cls, numbers: dict[str, Any]) -> Self:
        """As `Curve.from_dict`."""
        return cls(*(np.array(numbers[name]) for name in ("raw", "value", "low", "high")))
