"""The scheduler: pure, array-shaped, the same code in the simulator, the fleet and the tests."""

from pipeline.scheduling._batch import Batch
from pipeline.scheduling._batcher import ADAPTIVE_TABLE, Batcher
from pipeline.scheduling._budget import Affordable, SpendingStop, affordable
from pipeline.scheduling._estimates import Estimates, expected_cost, with_error
from pipeline.scheduling._estimator import Estimator, Learned, learned_of
from pipeline.scheduling._filter import CONSTRAINTS, Objectives, Passed, relax
from pipeline.scheduling._latency import (
    AnalyticLatency,
    LatencySource,
    LearnedLatency,
    NoisyLatency,
    Pairs,
    ReferenceLatency,
    StaticLatency,
    Times,
    within,
)
from pipeline.scheduling._ledger import Capacity, Ledger, StateKeeper, TelemetryOnly
from pipeline.scheduling._make import batching_of, make_keeper, make_policy, telemetry_of
from pipeline.scheduling._order import decision_order
from pipeline.scheduling._policy import Assignment, Policy
from pipeline.scheduling._score import Terms, fixed_terms, reference_terms, utilisation
from pipeline.scheduling._state import QUANTITIES, FleetState
from pipeline.scheduling._told import told_values
from pipeline.scheduling._trace import Trace, explanation

__all__ = [
    "ADAPTIVE_TABLE",
    "CONSTRAINTS",
    "QUANTITIES",
    "Affordable",
    "AnalyticLatency",
    "Assignment",
    "Batch",
    "Batcher",
    "Capacity",
    "Estimates",
    "Estimator",
    "FleetState",
    "LatencySource",
    "Learned",
    "LearnedLatency",
    "Ledger",
    "NoisyLatency",
    "Objectives",
    "Pairs",
    "Passed",
    "Policy",
    "ReferenceLatency",
    "SpendingStop",
    "StateKeeper",
    "StaticLatency",
    "TelemetryOnly",
    "Terms",
    "Times",
    "Trace",
    "affordable",
    "batching_of",
    "decision_order",
    "expected_cost",
    "explanation",
    "fixed_terms",
    "learned_of",
    "make_keeper",
    "make_policy",
    "reference_terms",
    "relax",
    "telemetry_of",
    "told_values",
    "utilisation",
    "with_error",
    "within",
]
