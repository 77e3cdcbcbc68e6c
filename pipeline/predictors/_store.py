"""Predictors on disk: arrays as .npy, boosters as JSON, and a manifest that is checked on load."""

from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.errors import ModelError
from pipeline.predictors._conformal import RatioBounds
from pipeline.predictors._features import FEATURE_SCHEMA, FEATURES
from pipeline.predictors._latency import TARGETS, Head, LatencyModel
from pipeline.predictors._length import LengthModel
from pipeline.predictors._quality import IsotonicCurve, QualityModel
from pipeline.stored import read_manifest, write_stored

__all__ = [
    "load_latency",
    "load_length",
    "load_quality",
    "save_latency",
    "save_length",
    "save_quality",
]


def save_quality(model: QualityModel, folder: Path) -> None:
    """Write a quality model as one folder, whole or not at all."""

    def fill(part: Path) -> dict[str, Any]:
        np.save(part / "embeddings.npy", model.index_.embeddings)
        np.save(part / "labels.npy", model.labels_)
        curves = [
            {name: getattr(curve, name).tolist() for name in ("raw", "value", "low", "high")}
            for curve in model.curves_
        ]
        return {"k": model.k, "level": model.level, "models": model.models_, "curves": curves}

    write_stored("quality", folder, fill)


def load_quality(folder: Path) -> QualityModel:
    """Read a quality model; raises ModelError when it is absent, damaged or of another kind."""
    told = read_manifest("quality", folder)
    model = QualityModel(told["k"], told["level"])
    model.remember(
        told["models"], np.load(folder / "embeddings.npy"), np.load(folder / "labels.npy")
    )
    model.curves_ = [
        IsotonicCurve(**{name: np.array(values) for name, values in curve.items()})
        for curve in told["curves"]
    ]
    return model


def save_length(model: LengthModel, folder: Path) -> None:
    """Write a length model as one folder, whole or not at all."""

    def fill(part: Path) -> dict[str, Any]:
        np.save(part / "embeddings.npy", model.index_.embeddings)
        np.save(part / "lengths.npy", model.lengths_)
        return {
            "k": model.k,
            "level": model.level,
            "buckets": model.buckets,
            "bucket_tokens": model.bucket_tokens,
            "models": model.models_,
            "bounds": [asdict(bound) for bound in model.bounds_],
        }

    write_stored("length", folder, fill)


def load_length(folder: Path) -> LengthModel:
    """Read a length model; raises ModelError when it is absent, damaged or of another kind."""
    told = read_manifest("length", folder)
    model = LengthModel(told["k"], told["level"], told["buckets"], told["bucket_tokens"])
    model.remember(
        told["models"], np.load(folder / "embeddings.npy"), np.load(folder / "lengths.npy")
    )
    model.bounds_ = [_bounds(bound, folder) for bound in told["bounds"]]
    return model


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
