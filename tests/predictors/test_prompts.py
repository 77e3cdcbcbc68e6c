"""Both predictors from one search say what each says alone."""

import numpy as np
import pytest

from pipeline.predictors import LengthModel, PromptPredictor, QualityModel


def units(rng: np.random.Generator, n: int) -> np.ndarray:
    vectors = rng.normal(size=(n, 12))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def predictors(
    quality_k: int, length_k: int, *, other_rows: bool = False
) -> tuple[QualityModel, LengthModel]:
    rng = np.random.default_rng(0)
    train, calibration = units(rng, 300), units(rng, 80)
    labels = [rng.random((len(part), 3)) for part in (train, calibration)]
    labels[0][rng.random(labels[0].shape) < 0.2] = np.nan
    quality = QualityModel(quality_k, 0.9).fit(
        ["a", "b", "c"], train, labels[0], calibration, labels[1]
    )
    learned = train[::-1].copy() if other_rows else train.copy()
    lengths = [np.exp(4 + part[:, :3]) for part in (learned, calibration)]
    length = LengthModel(length_k, 0.9, 16, 64).fit(
        ["a", "b", "c"], learned, lengths[0], calibration, lengths[1]
    )
    return quality, length


@pytest.mark.parametrize("ks", [(10, 10), (5, 20), (20, 5), (400, 3)])
@pytest.mark.parametrize("other_rows", [False, True])
def test_together_as_alone(ks: tuple[int, int], other_rows: bool) -> None:
    quality, length = predictors(*ks, other_rows=other_rows)
    prompts = units(np.random.default_rng(9), 30)
    together = PromptPredictor(quality, length).predict(prompts)
    alone = quality.predict(prompts), length.predict(prompts)
    for one, two in zip(together, alone, strict=True):
        for name, values in vars(two).items():
            assert np.array_equal(getattr(one, name), values), name


def test_found_neighbours_serve_every_rule() -> None:
    quality, length = predictors(6, 12)
    prompts = units(np.random.default_rng(9), 10)
    _, near = PromptPredictor(quality, length).search(prompts)
    limit = np.full(10, 50.0)
    assert np.array_equal(length.distribution(near), length.distribution(prompts))
    assert np.array_equal(
        length.neighbour_share(near, limit), length.neighbour_share(prompts, limit)
    )
