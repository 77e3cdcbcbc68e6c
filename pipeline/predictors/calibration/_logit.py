"""Curves that are linear on the scale of log odds: their fit, and bounds from its information."""

from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import DataError

__all__ = ["LogitCurve", "Prior", "clipped"]

Floats = NDArray[np.float64]

# Scores of k neighbours reach 0 and 1, whose log odds are infinite.
_LEAST = 0.01
# So wide that 50 rows outweigh it, so narrow that separable rows have a fit.
_SPREAD = 3.0


@dataclass(frozen=True)
class Prior:
    """Normal prior of p coefficients: centre (p,) and covariance (p, p)."""

    centre: Floats
    covariance: Floats


@dataclass(frozen=True)
class LogitCurve:
    """Quality = expit(design(raw) @ coefficients), fitted by cross-entropy with a normal prior.

    The last coefficient is the intercept; the others are 0 or above, so the curve never decreases.
    The prior is centred on the curve that changes nothing. Bounds come from the inverse of the
    information matrix by the delta method on the scale of log odds, as if no coefficient were at
    its end. For graded labels they are conservative, since none varies more than a Bernoulli label
    of equal mean.

    Attributes:
        coefficients: (p,).
        covariance: (p, p) of the coefficients.
        level: of the bounds.
    """

    kind: ClassVar[str]
    identity: ClassVar[tuple[float, ...]]

    coefficients: Floats
    covariance: Floats
    level: float

    @staticmethod
    def design(raw: Floats) -> Floats:
        """The (n, p) columns that a curve of this kind is linear in."""
        raise NotImplementedError

    @classmethod
    def fit(cls, raw: Floats, label: Floats, level: float, prior: Prior | None = None) -> Self:
        """As `Curve.fit`; a prior replaces the wide one around the identity."""
        if len(raw) < 2:
            raise DataError(f"{len(raw)} calibration rows are too few to calibrate a model")
        size = len(cls.identity)
        wide = prior or Prior(np.array(cls.identity), _SPREAD**2 * np.eye(size))
        return cls(*_fitted(cls.design(raw), label, wide), level)

    def apply(self, raw: Floats) -> tuple[Floats, Floats, Floats]:
        """As `Curve.apply`."""
        from scipy.special import expit

        design = self.design(np.asarray(raw, dtype=np.float64))
        odds = design @ self.coefficients
        variance = np.einsum("np,pq,nq->n", design, self.covariance, design)
        reach = NormalDist().inv_cdf((1.0 + self.level) / 2.0) * np.sqrt(variance)
        return expit(odds), expit(odds - reach), expit(odds + reach)

    def as_dict(self) -> dict[str, Any]:
        """As `Curve.as_dict`."""
        return {
            "kind": self.kind,
            "coefficients": self.coefficients.tolist(),
            "covariance": self.covariance.tolist(),
            "level": self.level,
        }

    @classmethod
    def from_dict(cls, numbers: dict[str, Any]) -> Self:
        """As `Curve.from_dict`."""
        covariance = np.array(numbers["covariance"])
        return cls(np.array(numbers["coefficients"]), covariance, numbers["level"])


def clipped(raw: Floats) -> Floats:
    """Scores kept off 0 and 1."""
    found: Floats = np.clip(raw, _LEAST, 1.0 - _LEAST)
    return found


def _fitted(design: Floats, label: Floats, prior: Prior) -> tuple[Floats, Floats]:
    """Coefficients of greatest posterior density, and their covariance (Laplace)."""
    from scipy.optimize import minimize
    from scipy.special import expit

    precision = np.linalg.inv(prior.covariance)

    def loss(theta: Floats) -> tuple[float, Floats]:
        odds, off = design @ theta, precision @ (theta - prior.centre)
        entropy = np.logaddexp(0.0, odds) - label * odds
        slope = design.T @ (expit(odds) - label) + off
        return float(entropy.sum() + 0.5 * off @ (theta - prior.centre)), slope

    bounds = [(0.0, None)] * (len(prior.centre) - 1) + [(None, None)]
    start = np.maximum(prior.centre, [low if low is not None else -np.inf for low, _ in bounds])
    theta = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x
    chance = expit(design @ theta)
    information = (design.T * (chance * (1.0 - chance))) @ design + precision
    return theta, np.linalg.inv(information)
