"""Latency models on disk: boosters as JSON, and a manifest that is checked on load."""

from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from pipeline.errors import ModelError
from pipeline.predictors._features import FEATURE_SCHEMA, FEATURES
from pipeline.predictors._latency import TARGETS, Head, LatencyModel
from pipeline.predictors.calibration import RatioBounds
from pipeline.stored import read_manifest, write_stored

__all__ = ["load_latency", "save_latency"]


def save_latency(model: LatencyModel, folder: Path) -> None:
    """Write a latency model with the hash of its feature schema, whole or not at all."""

    def fill(part: Path) -> dict[str, Any]:
        bounds: dict[str, dict[str, Any]] = {}
        for tier, heads in model.heads_.items():
            bounds[tier] = {target: asdict(head.bounds) for target, head in heads.items()}
            for target, head in heads.items():
                head.booster.save_model(part / f"{tier}.{target}.json")
        untrained = {
            source: {
                tier: {target: asdict(bound) for target, bound in targets.items()}
                for tier, targets in tiers.items()
            }
            for source, tiers in model.untrained_.items()
        }
        return {
            "feature_schema": FEATURE_SCHEMA,
            "features": list(FEATURES),
            "bounds": bounds,
            "untrained": untrained,
        }

    write_stored("latency", folder, fill)


def load_latency(folder: Path) -> LatencyModel:
    """Read a latency model.

    Raises:
        ModelError: it is absent or damaged, or was trained on other features than this program
            builds at serving time.
    """
    from xgboost import Booster

    told = read_manifest("latency", folder)
    if told["feature_schema"] != FEATURE_SCHEMA:
        raise ModelError(
            f"{folder}: trained on features ({', '.join(told['features'])}), but this program "
            f"builds ({', '.join(FEATURES)}); train it again with `dvc repro latency`"
        )
    heads: dict[str, dict[str, Head]] = {}
    for tier, bounds in told["bounds"].items():
        heads[tier] = {}
        for target in TARGETS:
            booster = Booster({"nthread": 1})
            booster.load_model(folder / f"{tier}.{target}.json")
            heads[tier][target] = Head(booster, _bounds(bounds[target], folder))
    untrained = {
        source: {
            tier: {target: _bounds(bound, folder) for target, bound in targets.items()}
            for tier, targets in tiers.items()
        }
        for source, tiers in told["untrained"].items()
    }
    return LatencyModel(heads, untrained)


def _bounds(told: dict[str, Any], folder: Path) -> RatioBounds:
    if set(told) != {field.name for field in fields(RatioBounds)}:
        raise ModelError(f"{folder}: its bounds were written by another version; train it again")
    return RatioBounds(**{**told, "quantiles": tuple(told["quantiles"])})
