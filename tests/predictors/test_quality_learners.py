"""Learners of quality: hand-worked cases, independent libraries, missing labels, the disk."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import DataError
from pipeline.files import file_hash
from pipeline.predictors import Learner, Prompts
from pipeline.predictors.learners import Knn, load_learner
from pipeline.predictors.learners.quality import (
    Blend,
    Boosted,
    DatasetMean,
    Kernel,
    Kmeans,
    Logistic,
    LowRank,
    Ridge,
    TorchHead,
    TunedHead,
)
from pipeline.predictors.learners.quality._features import centre_of, prompt_features

MAKERS: dict[str, Callable[[], Learner[Prompts]]] = {
    "dataset_mean": DatasetMean,
    "ridge": lambda: Ridge(3.0),
    "logistic": lambda: Logistic(1.0),
    "kmeans": lambda: Kmeans(8, 2, 10.0, 2.0, 1),
    "low_rank": lambda: LowRank(2, 0.1, 3.0, 1),
    "kernel": lambda: Kernel(1.0, 0.5, 200, 1),
    "xgboost": lambda: Boosted(40, 3, 0.2, 6, 1),
    "torch_head": lambda: TorchHead(32, 150, 0.1, 5e-3, 1, 1),
    "blend": lambda: Blend({"knn": Knn(10), "ridge": Ridge(3.0)}),
}
LEARNS = [name for name in MAKERS if name not in ("dataset_mean",)]


def prompts(n: int, rng: np.random.Generator) -> Prompts:
    vectors = rng.normal(size=(n, 12))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    texts = tuple(f"Item {row}: what is {row} + {row % 7}?" for row in range(n))
    return Prompts(vectors, texts, tuple(f"d{row % 2}" for row in range(n)))


def labelled(seed: int, n: int = 600) -> tuple[Prompts, np.ndarray]:
    """Two models: one that is good where the first number is high, and its opposite."""
    rng = np.random.default_rng(seed)
    asked = prompts(n, rng)
    chance = 1 / (1 + np.exp(-8 * asked.embeddings[:, :1] * [[1.0, -1.0]]))
    labels = (rng.random(chance.shape) < chance).astype(float)
    labels[rng.random(labels.shape) < 0.2] = np.nan
    return asked, labels


@pytest.mark.parametrize("name", LEARNS)
def test_it_learns_whom_a_prompt_suits(name: str) -> None:
    train, labels = labelled(1)
    model = MAKERS[name]().fit(["a", "b"], train, labels)
    asked, _ = labelled(2, 300)
    told = model.predict(asked)
    assert told.shape == (300, 2)
    assert np.isfinite(told).all()
    assert np.corrcoef(told[:, 0] - told[:, 1], asked.embeddings[:, 0])[0, 1] > 0.4
    spread = model.predict_distribution(asked).values
    assert (spread == told[:, :, None]).all()  # a point, which calibration gives a width


@pytest.mark.parametrize("name", MAKERS)
def test_it_survives_the_disk_and_is_the_same_every_time(name: str, tmp_path: Path) -> None:
    train, labels = labelled(3, 200)
    asked, _ = labelled(4, 20)
    for folder in ("one", "two"):
        MAKERS[name]().fit(["a", "b"], train, labels).save(tmp_path / folder)
    assert file_hash(tmp_path / "one") == file_hash(tmp_path / "two")
    model = MAKERS[name]().fit(["a", "b"], train, labels)
    stored = load_learner(tmp_path / "one")
    assert stored.columns_ == ["a", "b"]
    assert np.array_equal(stored.predict(asked), model.predict(asked))


@pytest.mark.parametrize("name", MAKERS)
def test_a_model_without_labels_is_named(name: str) -> None:
    train, labels = labelled(5, 60)
    labels[:, 1] = np.nan
    with pytest.raises(DataError, match="'b' has no known value"):
        MAKERS[name]().fit(["a", "b"], train, labels)


@pytest.mark.parametrize("name", ["ridge", "logistic", "xgboost", "torch_head", "kernel"])
def test_it_needs_the_texts(name: str) -> None:
    train, labels = labelled(6, 60)
    with pytest.raises(DataError, match="reads the texts"):
        MAKERS[name]().fit(["a", "b"], Prompts(train.embeddings), labels)


def test_dataset_means_by_hand() -> None:
    asked = Prompts(np.eye(4, dtype=np.float32), None, ("x", "x", "y", "z"))
    labels = np.array([[1.0, 0.5], [0.0, np.nan], [0.5, np.nan], [1.0, 0.0]])
    model = DatasetMean().fit(["a", "b"], asked, labels)
    told = model.predict(Prompts(np.eye(4, dtype=np.float32), None, ("x", "y", "z", "new")))
    assert told[:, 0].tolist() == [0.5, 0.5, 1.0, 0.625]
    assert told[:, 1].tolist() == [0.5, 0.25, 0.0, 0.25]  # y knows nobody: the mean of b
    with pytest.raises(DataError, match="needs the data set"):
        model.predict(Prompts(np.eye(4, dtype=np.float32)))


def test_ridge_is_that_of_scikit_learn_on_the_known_rows() -> None:
    from sklearn.linear_model import Ridge as Theirs

    train, labels = labelled(7, 120)
    model = Ridge(5.0).fit(["a", "b"], train, labels)
    features = prompt_features(train, centre_of(train))
    features -= features.mean(axis=0)
    for column in range(2):
        known = ~np.isnan(labels[:, column])
        target = labels[known, column] - labels[known, column].mean()
        theirs = Theirs(alpha=5.0, fit_intercept=False).fit(features[known], target)
        assert model.weights_[:, column] == pytest.approx(theirs.coef_, abs=1e-8)


def test_kernel_with_every_landmark_is_kernel_ridge() -> None:
    from sklearn.kernel_ridge import KernelRidge

    train, labels = labelled(8, 80)
    labels = np.nan_to_num(labels)
    model = Kernel(0.7, 0.3, 80, 1).fit(["a", "b"], train, labels)
    places = model._places(train)
    theirs = KernelRidge(alpha=0.3, kernel="rbf", gamma=0.7).fit(
        places, labels - labels.mean(axis=0)
    )
    expected = np.clip(labels.mean(axis=0) + theirs.predict(places), 0.0, 1.0)
    assert model.predict(train) == pytest.approx(expected, abs=1e-3)


def test_graded_labels_are_fractional_successes() -> None:
    train, labels = labelled(9, 300)
    half = np.where(np.isnan(labels), np.nan, 0.5)
    told = Logistic(1.0).fit(["a", "b"], train, half).predict(train)
    assert told == pytest.approx(np.full(told.shape, 0.5), abs=0.01)
    sure = np.where(np.isnan(labels), np.nan, 1.0)
    assert (Logistic(1.0).fit(["a", "b"], train, sure).predict(train) > 0.99).all()


def test_small_clusters_are_drawn_to_the_mean() -> None:
    train, labels = labelled(10, 100)
    loose, tight = (
        Kmeans(10, 1, 10.0, prior, 1).fit(["a", "b"], train, labels) for prior in (0.01, 1e6)
    )
    overall = np.nanmean(labels, axis=0)
    assert tight.predict(train) == pytest.approx(np.tile(overall, (100, 1)), abs=1e-3)
    assert loose.predict(train).std(axis=0).min() > 0.1


def test_traits_are_shared_between_models() -> None:
    """A model with ten labels learns from one with many that has the same trait."""
    rng = np.random.default_rng(11)
    train = prompts(600, rng)
    chance = 1 / (1 + np.exp(-6 * train.embeddings[:, :1]))
    labels = (rng.random((600, 6)) < chance).astype(float)
    labels[10:, 0] = np.nan
    asked = prompts(300, rng)
    truth = asked.embeddings[:, 0]
    shared = LowRank(1, 0.1, 3.0, 1).fit(list("abcdef"), train, labels).predict(asked)[:, 0]
    alone = Ridge(3.0).fit(["a"], train, labels[:, :1]).predict(asked)[:, 0]
    assert np.corrcoef(shared, truth)[0, 1] > np.corrcoef(alone, truth)[0, 1] + 0.1


def test_a_blend_is_the_mean_of_its_parts() -> None:
    train, labels = labelled(12, 100)
    parts = {"knn": Knn(5), "ridge": Ridge(1.0)}
    told = Blend(parts).fit(["a", "b"], train, labels).predict(train)
    alone = [part.predict(train) for part in parts.values()]
    assert told == pytest.approx(np.mean(alone, axis=0))


def test_a_fine_tuned_encoder_learns_and_is_stored_whole(tmp_path: Path) -> None:
    words = ("river", "stone", "forest", "meadow"), ("integral", "matrix", "theorem", "lemma")
    texts = tuple(f"{words[row % 2][row // 2 % 4]} number {row}" for row in range(48))
    train = Prompts(np.eye(48, 384, dtype=np.float32), texts)
    labels = np.array([[1.0, 0.0], [0.0, np.nan]] * 24)
    model = TunedHead(3, 1e-3, 1).fit(["a", "b"], train, labels)
    told = model.predict(train)
    assert told[::2, 0].mean() > told[1::2, 0].mean() + 0.2
    model.save(tmp_path / "tuned")
    stored = load_learner(tmp_path / "tuned").predict(train)
    assert stored == pytest.approx(told, abs=1e-6)
    with pytest.raises(DataError, match="reads the texts"):
        model.predict(Prompts(train.embeddings))
