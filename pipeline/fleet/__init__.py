"""Tiers and the instance engine."""

from pipeline.fleet._engine import Instance
from pipeline.fleet._faults import FaultEvent, RequestFault, fault_events, request_fault
from pipeline.fleet._profile import profile_tier
from pipeline.fleet._replay import Replay, replay, replay_closed
from pipeline.fleet._sequence import BLOCK_TOKENS, Sequence
from pipeline.fleet._snapshot import Iteration, Telemetry
from pipeline.fleet._step import StepTime, iteration_ms
from pipeline.fleet._tier import Fleet, limits_of, make_instance
from pipeline.fleet._virtual import Limits, VirtualFleet

__all__ = [
    "BLOCK_TOKENS",
    "FaultEvent",
    "Fleet",
    "Instance",
    "Iteration",
    "Limits",
    "Replay",
    "RequestFault",
    "Sequence",
    "StepTime",
    "Telemetry",
    "VirtualFleet",
    "fault_events",
    "iteration_ms",
    "limits_of",
    "make_instance",
    "profile_tier",
    "replay",
    "replay_closed",
    "request_fault",
]
