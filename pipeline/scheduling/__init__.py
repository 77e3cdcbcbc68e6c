"""The scheduler: pure, array-shaped, the same code in the simulator, the fleet and the tests."""

from pipeline.scheduling._estimates import (
    Estimates,
    LatencySource,
    LearnedLatency,
    StaticLatency,
)
from pipeline.scheduling._policy import Assignment, Policy, make_policy
from pipeline.scheduling._state import FleetState, Ledger

__all__ = [
    "Assignment",
    "Estimates",
    "FleetState",
    "LatencySource",
    "LearnedLatency",
    "Ledger",
    "Policy",
    "StaticLatency",
    "make_policy",
]
