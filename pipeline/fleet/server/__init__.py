"""Emulated instances on the wall clock: the engine behind the HTTP surface of a vLLM server."""

from pipeline.fleet.server._emulator import Emulator, run_emulator
from pipeline.fleet.server._lag import LagRecord, lag_quantile
from pipeline.fleet.server._recorded import load_recorded
from pipeline.fleet.server._replies import Recorded
from pipeline.fleet.server._settings import Settings

__all__ = [
    "Emulator",
    "LagRecord",
    "Recorded",
    "Settings",
    "lag_quantile",
    "load_recorded",
    "run_emulator",
]
