"""What a metric of the field is called, and what it means in one sentence."""

from dataclasses import dataclass
from typing import Literal

__all__ = ["MetricInfo"]


@dataclass(frozen=True)
class MetricInfo:
    """A metric, as a report prints it beside its number.

    Attributes:
        name: in tables.
        unit: of the number.
        definition: one sentence.
        better: which direction is good.
        source: who defined it.
    """

    name: str
    unit: str
    definition: str
    better: Literal["higher", "lower"]
    source: str
