"""Telemetry of live and emulated instances: one reader of vLLM's /metrics for both."""

from pipeline.fleet.telemetry._check import Checked, check_fleet
from pipeline.fleet.telemetry._histogram import Histogram
from pipeline.fleet.telemetry._http import base_url
from pipeline.fleet.telemetry._link import Link, PollRule, State
from pipeline.fleet.telemetry._metrics import parse_metrics, parse_state
from pipeline.fleet.telemetry._observed import Observed, ObservedState, to_telemetry
from pipeline.fleet.telemetry._probe import Probe, probe_fleet
from pipeline.fleet.telemetry._reader import FleetReader, Reader
from pipeline.fleet.telemetry._sample import Interval, MetricsSample, difference

__all__ = [
    "Checked",
    "FleetReader",
    "Histogram",
    "Interval",
    "Link",
    "MetricsSample",
    "Observed",
    "ObservedState",
    "PollRule",
    "Probe",
    "Reader",
    "State",
    "base_url",
    "check_fleet",
    "difference",
    "parse_metrics",
    "parse_state",
    "probe_fleet",
    "to_telemetry",
]
