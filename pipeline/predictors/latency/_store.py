"""Latency models on disk: a learner per tier, and a manifest that is checked on load."""

from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from pipeline.errors import ModelError
from pipeline.predictors._features import FEATURE_SCHEMA, FEATURES
from pipeline.predictors.calibration import RatioBounds
from pipeline.predictors.latency._model import LatencyModel, TierBounds
from pipeline.predictors.learners.latency import load_tier_learner
from pipeline.stored import read_manifest, write_stored

__all__ = ["load_latency", "save_latency"]


def save_latency(model: LatencyModel, folder: Path) -> None:
    """Write a latency model with the hash of its feature schema, whole or not at all."""

    def fill(part: Path) -> dict[str, Any]:
        for tier, learner in model.learners_.items():
            learner.save(part / tier)
        return {
            "learner": model.learner,
            "feature_schema": FEATURE_SCHEMA,
            "features": list(FEATURES),
            "bounds": _told(model.bounds_),
            "untrained": {source: _told(tiers) for source, tiers in model.untrained_.items()},
        }

    write_stored("latency", folder, fill)


def load_latency(folder: Path) -> LatencyModel:
    """Read a latency model.

    Raises:
        ModelError: it is absent or damaged, or was trained on other features than this program
            builds at serving time.
    """
    told = read_manifest("latency", folder)
    if told.get("feature_schema") != FEATURE_SCHEMA:
        raise ModelError(
            f"{folder}: trained on features ({', '.join(told.get('features', []))}), but this "
            f"program builds ({', '.join(FEATURES)}); train it again with `dvc repro latency`"
        )
    if "learner" not in told:
        raise ModelError(f"{folder}: was written by another version; run `dvc repro -f latency`")
    return LatencyModel(
        {tier: load_tier_learner(folder / tier) for tier in told["bounds"]},
        _read(told["bounds"], folder),
        {source: _read(tiers, folder) for source, tiers in told["untrained"].items()},
    )


def _told(bounds: Mapping[str, TierBounds]) -> dict[str, dict[str, Any]]:
    return {
        tier: {target: asdict(bound) for target, bound in targets.items()}
        for tier, targets in bounds.items()
    }


def _read(told: dict[str, dict[str, Any]], folder: Path) -> dict[str, dict[str, RatioBounds]]:
    return {
        tier: {target: _bounds(bound, folder) for target, bound in targets.items()}
        for tier, targets in told.items()
    }


def _bounds(told: dict[str, Any], folder: Path) -> RatioBounds:
    if set(told) != {field.name for field in fields(RatioBounds)}:
        raise ModelError(f"{folder}: its bounds were written by another version; train it again")
    return RatioBounds(**{**told, "quantiles": tuple(told["quantiles"])})
