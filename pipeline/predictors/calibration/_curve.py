"""What a calibration curve is, whichever way it was fitted."""

from typing import Any, ClassVar, Protocol, Self

import numpy as np
from numpy.typing import NDArray

__all__ = ["Curve"]

Floats = NDArray[np.float64]


class Curve(Protocol):
    """From the raw score of one model to its calibrated quality, never decreasing.

    Attributes:
        kind: name of its form, as it is stored.
    """

    kind: ClassVar[str]

    @classmethod
    def fit(cls, raw: Floats, label: Floats, level: float) -> Self:
        """Fit on calibration pairs.

        Args:
            raw: (n,) scores, n >= 2; a regression may leave 0..1.
            label: (n,) outcomes in 0..1, graded ones included.
            level: of the bounds, for example 0.9.

        Raises:
            DataError: there are fewer than two pairs.
        """
        ...

    def apply(self, raw: Floats) -> tuple[Floats, Floats, Floats]:
        """Calibrated quality of (n,) scores, and low and high bound on its expectation."""
        ...

    def as_dict(self) -> dict[str, Any]:
        """Its numbers, ready for JSON."""
        ...

    @classmethod
    def from_dict(cls, numbers: dict[str, Any]) -> Self:
        """The curve of the numbers of `as_dict`."""
        ...
