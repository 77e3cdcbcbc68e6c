"""Predictors in the MLflow registry: logged, compared, promoted, taken back, and served."""

from pipeline.registry._card import data_card, model_card
from pipeline.registry._choose import chosen_folders
from pipeline.registry._collect import trained_predictors
from pipeline.registry._compare import Comparison, compare
from pipeline.registry._decisions import Decision, champions, history
from pipeline.registry._fetch import fetch, load
from pipeline.registry._gate import Check, check_losses, passes
from pipeline.registry._held_out import HeldOut, held_out, losses_of
from pipeline.registry._latency_bounds import latency_bounds
from pipeline.registry._log import RegistryEntry, register
from pipeline.registry._losses import UNITS, latency_losses, length_losses, quality_losses
from pipeline.registry._promote import Ended, compare_versions, promote, rollback
from pipeline.registry._served import check_served
from pipeline.registry._store import opened
from pipeline.registry._text import comparison_lines, history_lines, version_lines
from pipeline.registry._trained import Trained
from pipeline.registry._units import seen_units
from pipeline.registry._versions import (
    CHALLENGER,
    CHAMPION,
    Version,
    find_version,
    key_numbers,
    kind_of,
    versions_of,
)

__all__ = [
    "CHALLENGER",
    "CHAMPION",
    "UNITS",
    "Check",
    "Comparison",
    "Decision",
    "Ended",
    "HeldOut",
    "RegistryEntry",
    "Trained",
    "Version",
    "champions",
    "check_losses",
    "check_served",
    "chosen_folders",
    "compare",
    "compare_versions",
    "comparison_lines",
    "data_card",
    "fetch",
    "find_version",
    "held_out",
    "history",
    "history_lines",
    "key_numbers",
    "kind_of",
    "latency_bounds",
    "latency_losses",
    "length_losses",
    "load",
    "losses_of",
    "model_card",
    "opened",
    "passes",
    "promote",
    "quality_losses",
    "register",
    "rollback",
    "seen_units",
    "trained_predictors",
    "version_lines",
    "versions_of",
]
