"""Predictors against hand-worked cases, their guarantees, and damage on disk."""

import json
from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import DataError, ModelError, UnknownNameError
from pipeline.files import file_hash
from pipeline.predictors import (
    FEATURES,
    TARGETS,
    LatencyModel,
    LengthModel,
    Prompts,
    QualityModel,
    RatioBounds,
    compose_e2e,
    latency_features,
    load_latency,
    save_latency,
)
from pipeline.predictors.learners import Knn
from pipeline.predictors.learners.latency import Xgboost


def unit(*angles: float) -> np.ndarray:
    return np.array([[np.cos(a), np.sin(a)] for a in angles], dtype=np.float32)


def random_units(n: int, d: int, rng: np.random.Generator) -> np.ndarray:
    vectors = rng.normal(size=(n, d))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def test_compose_e2e_by_hand() -> None:
    seconds = compose_e2e(np.array([0.1, 0.1]), np.array([0.02, 0.02]), np.array([11.0, 0.4]))
    assert seconds == pytest.approx([0.3, 0.1])


def fitted_quality(seed: int = 0) -> tuple[QualityModel, Prompts]:
    rng = np.random.default_rng(seed)
    train, calibration, test = (random_units(n, 6, rng) for n in (400, 300, 200))
    truth = [1 / (1 + np.exp(-4 * part[:, :2])) for part in (train, calibration)]
    labels = [(rng.random(part.shape) < part).astype(float) for part in truth]
    labels[0][:5, 1] = np.nan
    model = QualityModel(Knn(10), level=0.9)
    return model.fit(
        ["a", "b"], Prompts(train), labels[0], Prompts(calibration), labels[1]
    ), Prompts(test)


def test_calibrated_quality_stays_in_range_and_in_order() -> None:
    model, test = fitted_quality()
    told = model.predict(test)
    assert ((told.low <= told.mean) & (told.mean <= told.high)).all()
    assert told.low.min() >= 0
    assert told.high.max() <= 1
    # A curve keeps the order of the prompts; the contrast of the models then moves them together.
    curved = model.curves_[0].apply(np.sort(model.raw(test)[:, 0]))[0]
    assert (np.diff(curved) >= -1e-12).all()


def test_a_model_without_labels_is_refused() -> None:
    vectors, labels = Prompts(unit(0.0, 1.0)), np.array([[1.0, np.nan], [0.0, np.nan]])
    with pytest.raises(DataError, match="'b' has no quality label on the training split"):
        QualityModel(Knn(1), 0.9).fit(["a", "b"], vectors, labels, vectors, labels)


def fitted_length() -> tuple[LengthModel, Prompts]:
    rng = np.random.default_rng(3)
    train, calibration = random_units(300, 6, rng), random_units(200, 6, rng)
    lengths = [
        np.exp(4 + part[:, :2] + rng.normal(0, 0.3, (len(part), 2)))
        for part in (train, calibration)
    ]
    model = LengthModel(Knn(10), level=0.9)
    return model.fit(
        ["a", "b"], Prompts(train), lengths[0], Prompts(calibration), lengths[1]
    ), Prompts(calibration)


def test_length_bounds_are_ordered() -> None:
    model, test = fitted_length()
    told = model.predict(test)
    assert ((told.low < told.median) & (told.median < told.high)).all()


def test_features_have_the_declared_order() -> None:
    numbers = [np.array([float(i)]) for i in range(1, 9)]
    row = latency_features(*numbers)[0]
    assert len(row) == len(FEATURES)
    assert row[:8].tolist() == [1, 2, 3, 4, 5, 6, 7, 8]
    assert row[8] == 3 + 7  # tokens to prefill before the first one of ours
    assert row[9] == 5 / 1


def fitted_latency() -> LatencyModel:
    rng = np.random.default_rng(5)
    features = rng.random((200, len(FEATURES))).astype(np.float32)
    seconds = np.tile(0.1 + features[:, :1].astype(float), (1, 2))
    learner = Xgboost(30, {"max_depth": 3, "learning_rate": 0.3}, seed=1)
    learner.fit(list(TARGETS), features[:150], seconds[:150])
    bound = RatioBounds.fit(seconds[150:, 0], learner.predict(features[150:])[:, 0], 0.9)
    bounds = {"t": dict.fromkeys(TARGETS, bound)}
    return LatencyModel({"t": learner}, bounds, {"static": bounds})


def test_models_survive_the_disk(tmp_path: Path) -> None:
    quality, test = fitted_quality()
    length, _ = fitted_length()
    latency = fitted_latency()
    quality.save(tmp_path / "q")
    length.save(tmp_path / "l")
    save_latency(latency, tmp_path / "t")
    assert np.array_equal(
        QualityModel.load(tmp_path / "q").predict(test).mean, quality.predict(test).mean
    )
    assert np.array_equal(
        LengthModel.load(tmp_path / "l").predict(test).high, length.predict(test).high
    )
    rows = np.random.default_rng(6).random((5, len(FEATURES))).astype(np.float32)
    assert load_latency(tmp_path / "t").untrained_ == latency.untrained_
    stored = load_latency(tmp_path / "t").head("t", "ttft_s")
    assert stored.predict(rows) == pytest.approx(latency.head("t", "ttft_s").predict(rows))


def test_equal_models_have_equal_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        fitted_quality()[0].save(tmp_path / name)
        save_latency(fitted_latency(), tmp_path / f"{name}-latency")
    for part in ("", "-latency"):
        one, two = (file_hash(tmp_path / f"{n}{part}") for n in ("one", "two"))
        assert one == two


def test_damage_is_refused_at_load(tmp_path: Path) -> None:
    fitted_quality()[0].save(tmp_path / "q")
    with pytest.raises(ModelError, match="holds a 'quality' model, expected 'length'"):
        LengthModel.load(tmp_path / "q")
    labels = tmp_path / "q" / "learner" / "values.npy"
    labels.write_bytes(labels.read_bytes()[:-8] + b"12345678")
    with pytest.raises(ModelError, match="altered since training"):
        QualityModel.load(tmp_path / "q")
    with pytest.raises(ModelError, match="holds no quality model"):
        QualityModel.load(tmp_path / "absent")


def test_another_feature_schema_is_refused(tmp_path: Path) -> None:
    save_latency(fitted_latency(), tmp_path / "t")
    manifest = tmp_path / "t" / "manifest.json"
    told = json.loads(manifest.read_text())
    manifest.write_text(json.dumps(told | {"feature_schema": "0" * 64, "features": ["running"]}))
    with pytest.raises(ModelError, match="trained on features"):
        load_latency(tmp_path / "t")


def test_an_unknown_tier_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 't'"):
        fitted_latency().head("tt", "ttft_s")
