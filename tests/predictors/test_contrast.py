"""Differences between models: kept where they are borne out, shrunk where they are noise."""

import numpy as np
import pytest

from pipeline.predictors.calibration import Contrast

MEANS = np.array([0.5, 0.55, 0.7])


def drawn(
    n: int, spread: float, noise: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Predicted quality and labels: true differences of a spread, seen through noise."""
    truth = np.clip(MEANS + spread * rng.standard_normal((n, 3)), 0.02, 0.98)
    predicted = np.clip(truth + noise * rng.standard_normal((n, 3)), 0.0, 1.0)
    return predicted, (rng.random((n, 3)) < truth).astype(float)


def test_noise_keeps_the_order_of_prompts_and_no_more() -> None:
    rng = np.random.default_rng(0)
    predicted, labels = drawn(300, 0.0, 0.3, rng)
    told = Contrast.fit(predicted, labels, labels, None)
    assert told.weight == pytest.approx(0.05)
    gap = (predicted[:, 2] - predicted[:, 0]).argsort()
    kept = told.apply(predicted)
    inside = ((kept > 0) & (kept < 1)).all(axis=1)[gap]
    assert (np.diff((kept[:, 2] - kept[:, 0])[gap][inside]) >= -1e-12).all()
    assert (kept.argmax(axis=1) == 2).all()


def test_true_differences_are_kept() -> None:
    rng = np.random.default_rng(1)
    predicted, labels = drawn(1500, 0.25, 0.02, rng)
    assert Contrast.fit(predicted, labels, labels, None).weight > 0.7


def test_leaving_the_best_single_model_seldom_costs() -> None:
    """Routing by it is worse than the best single model in few of many draws, and never by much."""
    rng = np.random.default_rng(2)
    shrunk, plain = [], []
    for _ in range(60):
        predicted, labels = drawn(150, 0.05, 0.2, rng)
        asked, truth = drawn(2000, 0.05, 0.2, rng)
        told = Contrast.fit(predicted, labels, labels, None).apply(asked)
        rows = np.arange(len(truth))
        for kept, chosen in ((shrunk, told.argmax(axis=1)), (plain, asked.argmax(axis=1))):
            kept.append((truth[rows, chosen] - truth[:, 2]).mean())
    assert np.mean(plain) < -0.03
    assert np.mean(shrunk) > -0.004


def test_offset_comes_from_all_labels_by_hand() -> None:
    labels = np.array([[0.0, 1.0]] * 12)
    others = np.array([[1.0, 1.0]] * 12)
    told = Contrast.fit(np.tile([0.2, 0.8], (12, 1)), labels, others, None)
    assert told.offset == pytest.approx([-0.25, 0.25])
    assert told.apply(np.array([[0.2, 0.8]]))[0] == pytest.approx([0.25, 0.75])


def test_few_whole_prompts_say_nothing() -> None:
    rng = np.random.default_rng(3)
    predicted, labels = drawn(40, 0.3, 0.0, rng)
    labels[5:, 0] = np.nan
    assert Contrast.fit(predicted, labels, labels, None).weight == 0.05


def test_copies_in_a_cluster_are_no_more_evidence() -> None:
    rng = np.random.default_rng(4)
    predicted, labels = drawn(60, 0.2, 0.1, rng)
    names = [str(row) for row in range(60)]
    once = Contrast.fit(predicted, labels, labels, names)
    ten = [np.repeat(part, 10, axis=0) for part in (predicted, labels)]
    again = Contrast.fit(ten[0], ten[1], ten[1], np.repeat(names, 10).tolist())
    assert again.weight == pytest.approx(once.weight)
