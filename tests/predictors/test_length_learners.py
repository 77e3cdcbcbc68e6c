"""Learners of lengths: what they know of simulated prompts, and that they stay what they are."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.errors import DataError, ModelError
from pipeline.predictors import LEVELS, Distribution, Prompts
from pipeline.predictors.learners import LEARNERS, Knn, load_learner
from pipeline.predictors.learners.length import Buckets, ModelMean, QuantileHead, QuantileXgboost
from pipeline.predictors.learners.length._expectation import mean_factors, quantile_mean
from pipeline.predictors.learners.length._words import WordRegression, word_bags

Floats = NDArray[np.float64]

MODELS = ["a", "b"]
MAKERS: dict[str, Callable[[], Any]] = {
    "model_mean": ModelMean,
    "knn": lambda: Knn(10),
    "quantile_xgboost": lambda: QuantileXgboost(components=4, rounds=40, learning_rate=0.2),
    "buckets": lambda: Buckets(width=32, steps=150),
    "quantile_head": lambda: QuantileHead(words=5, width=32, steps=200, nets=1),
}


def world(n: int, seed: int, repeats: int = 0) -> tuple[Prompts, Floats, Floats]:
    """Prompts, lengths and their true log medians: the embedding moves a, a word moves b."""
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(n, 8))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    long = rng.random(n) < 0.5
    texts = tuple(
        f"please {'write an essay' if one else 'answer briefly'} on topic {i % 7}"
        for i, one in enumerate(long)
    )
    medians = np.column_stack([5.0 + 1.2 * vectors[:, 0] * 2, 4.5 + 1.5 * long])
    shape = (n, 2, repeats) if repeats else (n, 2)
    noise = rng.normal(0, 0.3, shape)
    logs = (medians[:, :, None] if repeats else medians) + noise
    return Prompts(vectors, texts), np.maximum(np.exp(logs), 1.0), medians


@pytest.fixture(scope="module")
def fitted() -> dict[str, Any]:
    prompts, lengths, _ = world(500, 1)
    lengths[:40, 0] = np.nan
    return {name: make().fit(MODELS, prompts, lengths) for name, make in MAKERS.items()}


def pinball(actual: Floats, told: Distribution) -> float:
    levels = np.array(LEVELS)
    apart = actual[:, :, None] - told.values
    return float(np.maximum(levels * apart, (levels - 1) * apart).mean())


@pytest.mark.parametrize("name", MAKERS)
def test_quantiles_are_above_zero_in_order_and_near_the_truth(
    name: str, fitted: dict[str, Any]
) -> None:
    prompts, lengths, _ = world(400, 2)
    told = fitted[name].predict_distribution(prompts)
    assert told.values.shape == (400, 2, len(LEVELS))
    assert (told.values > 0).all()
    assert (np.diff(told.values, axis=2) >= 0).all()
    below = (lengths[:, :, None] <= told.values).mean(axis=0)
    # Uncalibrated: the middle of the distribution is near, for every model.
    assert np.abs(below[:, 4] - 0.5).max() < 0.2
    mean = fitted[name].predict(prompts)
    assert np.abs(mean.mean(axis=0) / lengths.mean(axis=0) - 1).max() < 0.2


def test_what_reads_the_prompt_beats_what_does_not(fitted: dict[str, Any]) -> None:
    prompts, lengths, medians = world(400, 3)
    loss = {
        name: pinball(lengths, one.predict_distribution(prompts)) for name, one in fitted.items()
    }
    assert loss["knn"] < loss["model_mean"]
    for name in ("quantile_xgboost", "quantile_head"):
        assert loss[name] < 0.85 * loss["knn"]  # the word that moves b is in no embedding
    z = np.array([-2.3263, -1.6449, -1.2816, -0.6745, 0, 0.6745, 1.2816, 1.6449, 2.3263])
    best = pinball(lengths, Distribution(np.exp(medians[:, :, None] + 0.3 * z)))
    assert best < loss["quantile_head"] < 1.5 * best


@pytest.mark.parametrize("name", MAKERS)
def test_a_learner_is_stored_whole(name: str, fitted: dict[str, Any], tmp_path: Path) -> None:
    prompts, _, _ = world(20, 4)
    fitted[name].save(tmp_path / "one")
    again = load_learner(tmp_path / "one")
    assert type(again) is LEARNERS[name]
    assert again.columns_ == MODELS
    np.testing.assert_array_equal(again.predict(prompts), fitted[name].predict(prompts))
    np.testing.assert_array_equal(
        again.predict_distribution(prompts).values,
        fitted[name].predict_distribution(prompts).values,
    )
    again.save(tmp_path / "two")
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()
    altered = next(path for path in (tmp_path / "one").iterdir() if path.suffix != ".json")
    altered.write_bytes(altered.read_bytes()[:-1] + b"!")
    with pytest.raises(ModelError, match="altered"):
        load_learner(tmp_path / "one")


@pytest.mark.parametrize("name", ["quantile_xgboost", "buckets", "quantile_head"])
def test_one_seed_gives_the_same_bytes(name: str, tmp_path: Path) -> None:
    prompts, lengths, _ = world(120, 5)
    for run in ("one", "two"):
        MAKERS[name]().fit(MODELS, prompts, lengths).save(tmp_path / run)
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


@pytest.mark.parametrize("name", MAKERS)
def test_a_single_answer_of_each_is_the_matrix(name: str) -> None:
    prompts, lengths, _ = world(80, 6)
    flat, stacked = (
        MAKERS[name]().fit(MODELS, prompts, values) for values in (lengths, lengths[:, :, None])
    )
    np.testing.assert_array_equal(flat.predict(prompts), stacked.predict(prompts))


@pytest.mark.parametrize("name", MAKERS)
def test_repeats_are_learned_from(name: str) -> None:
    prompts, lengths, _ = world(300, 7, repeats=4)
    lengths[::3, 1, 2:] = np.nan
    told = MAKERS[name]().fit(MODELS, prompts, lengths).predict_distribution(prompts).values
    below = np.nanmean(
        np.where(np.isnan(lengths), np.nan, lengths <= told[:, :, None, 4]), axis=(0, 2)
    )
    assert np.abs(below - 0.5).max() < 0.15


def test_repeats_of_neighbours_by_hand() -> None:
    prompts = Prompts(np.eye(3, dtype=np.float32))
    values = np.array([[[10.0, 30.0]], [[np.nan, np.nan]], [[100.0, np.nan]]])
    told = Knn(1).fit(["a"], prompts, values)
    assert told.predict(prompts)[:, 0] == pytest.approx([20.0, 60.0, 100.0])
    spread = told.predict_distribution(prompts).at(0.5)[:, 0]
    assert spread == pytest.approx([10.0, 30.0, 100.0])  # unknown: the quantiles of the column


def test_a_learner_needs_a_known_value_and_the_texts() -> None:
    prompts, lengths, _ = world(30, 8)
    for make in MAKERS.values():
        with pytest.raises(DataError, match="'b' has no known value"):
            make().fit(MODELS, prompts, np.column_stack([lengths[:, 0], np.full(30, np.nan)]))
    with pytest.raises(DataError, match="reads the texts"):
        MAKERS["quantile_head"]().fit(MODELS, Prompts(prompts.embeddings), lengths)


def test_bucket_edges_and_interpolation_by_hand() -> None:
    prompts = Prompts(np.ones((8, 1), dtype=np.float32), ("same",) * 8)
    lengths = np.array([[10.0], [50], [70], [90], [130], [200], [300], [500]])
    fixed = Buckets(buckets=4, bucket_tokens=64, width=2, steps=2).fit(["a"], prompts, lengths)
    assert fixed.edges_.tolist() == [[0, 64, 128, 192, 500]]  # the open one ends at the longest
    even = Buckets(buckets=4, bucket_tokens=None, width=2, steps=2).fit(["a"], prompts, lengths)
    assert even.edges_.tolist() == [[0, 65, 110, 225, 500]]
    shares = even.probabilities(prompts)[0, 0]
    assert shares.sum() == pytest.approx(1.0)
    told = even.predict_distribution(prompts).values[0, 0]
    expected = np.interp(LEVELS, [0.0, *np.cumsum(shares)], even.edges_[0])
    assert told == pytest.approx(np.maximum(expected, 1.0))


def test_the_mean_of_quantiles_of_an_even_spread() -> None:
    even = 1.0 + np.array(LEVELS)[None, None, :] * 100
    assert quantile_mean(even)[0, 0] == pytest.approx(51.0, abs=0.02)
    point = np.full((1, 1, len(LEVELS)), 7.0)
    assert quantile_mean(point)[0, 0] == pytest.approx(7.0)
    values = np.array([[14.0], [np.nan], [28.0]])
    assert mean_factors(values, np.repeat(point, 3, axis=0)) == pytest.approx([3.0])


def test_what_the_others_tell_is_what_leaving_out_gives() -> None:
    rng = np.random.default_rng(9)
    words = ["sum", "list", "poem", "code", "proof", "tale"]
    texts = tuple(" ".join(rng.choice(words, 4)) for _ in range(12))
    prompts = Prompts(np.ones((12, 1), dtype=np.float32), texts)
    values = rng.normal(size=(12, 2))
    values[3, 1] = np.nan
    told = WordRegression(penalty=0.5).fit(prompts, values)
    bags = word_bags(prompts, told.idf_).toarray().astype(np.float64)
    for column in range(2):
        for out in range(12):
            kept = ~np.isnan(values[:, column]) & (np.arange(12) != out)
            apart = values[kept, column] - told.means_[column]
            products = bags[kept] @ bags[kept].T
            dual = np.linalg.solve(products + 0.5 * np.eye(kept.sum()), apart)
            expected = bags[out] @ bags[kept].T @ dual
            assert told.left_out_[out, column] == pytest.approx(expected, abs=1e-5)
