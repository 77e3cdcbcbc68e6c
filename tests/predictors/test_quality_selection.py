"""Who serves: by regret and contrast on the validation split."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import DataError
from pipeline.predictors import Labelled, Prompts, select_quality
from pipeline.predictors.quality._selection import contrast_losses

COST = np.array([1.0, 2.0, 4.0])


def validation(n: int, seed: int) -> tuple[Labelled, np.ndarray]:
    rng = np.random.default_rng(seed)
    truth = rng.random((n, 3))
    labels = (rng.random((n, 3)) < truth).astype(float)
    ids = [str(row) for row in range(n)]
    vectors = np.eye(n, dtype=np.float32)
    return Labelled(ids, ids, ["d"] * n, Prompts(vectors), labels), truth


def test_the_truth_wins_over_the_blend() -> None:
    told, truth = validation(400, 1)
    noise = np.random.default_rng(2).random(truth.shape)
    assert select_quality({"blend": noise, "ridge": truth}, told, COST, 1) == "ridge"


def test_the_blend_stays_where_nothing_is_clearly_better() -> None:
    told, truth = validation(60, 3)
    rng = np.random.default_rng(4)
    near = {f"c{i}": truth + 0.01 * rng.standard_normal(truth.shape) for i in range(8)}
    assert select_quality(near | {"blend": truth}, told, COST, 1) == "blend"


def test_what_needs_the_data_set_is_never_selected() -> None:
    told, truth = validation(200, 5)
    noise = np.random.default_rng(6).random(truth.shape)
    assert select_quality({"dataset_mean": truth, "knn": noise}, told, COST, 1) == "knn"


def test_without_whole_prompts_it_says_so() -> None:
    told, truth = validation(5, 7)
    told.values[:, 0] = np.nan
    with pytest.raises(DataError, match="no validation prompt"):
        select_quality({"knn": truth}, told, COST, 1)


def test_contrast_loss_by_hand() -> None:
    predicted, labels = np.array([[0.6, 0.2]]), np.array([[1.0, 0.0]])
    assert contrast_losses(predicted, labels) == pytest.approx([0.09])  # .2 told, .5 true


@given(st.integers(0, 1000), st.floats(-0.3, 0.3))
def test_hardness_common_to_all_models_changes_nothing(seed: int, shift: float) -> None:
    rng = np.random.default_rng(seed)
    predicted, labels = rng.random((8, 3)), rng.random((8, 3))
    assert contrast_losses(predicted + shift, labels) == pytest.approx(
        contrast_losses(predicted, labels)
    )
