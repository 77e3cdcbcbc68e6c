"""The metrics of the field by name, with the sentence that defines each."""

from collections.abc import Mapping
from types import MappingProxyType

from pipeline.statistics import (
    _aiq,
    _audc,
    _budget,
    _gain,
    _goodput,
    _iso,
    _pgr,
    _qnc,
    _regret,
    _routerarena,
)
from pipeline.statistics._metric import MetricInfo

__all__ = ["FIELD_METRICS"]

_MODULES = (
    _aiq,
    _pgr,
    _qnc,
    _audc,
    _routerarena,
    _regret,
    _iso,
    _goodput,
    _budget,
    _gain,
)

FIELD_METRICS: Mapping[str, MetricInfo] = MappingProxyType(
    {info.name: info for module in _MODULES for info in module.INFO}
)
