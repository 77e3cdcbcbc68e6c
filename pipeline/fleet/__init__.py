"""Tiers and the instance engine."""

from pipeline.fleet._engine import Instance
from pipeline.fleet._profile import profile_tier
from pipeline.fleet._sequence import BLOCK_TOKENS, Sequence
from pipeline.fleet._snapshot import Iteration, Telemetry
from pipeline.fleet._step import StepTime
from pipeline.fleet._tier import Fleet, make_instance

__all__ = [
    "BLOCK_TOKENS",
    "Fleet",
    "Instance",
    "Iteration",
    "Sequence",
    "StepTime",
    "Telemetry",
    "make_instance",
    "profile_tier",
]
