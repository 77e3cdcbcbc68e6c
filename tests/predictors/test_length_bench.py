"""The benchmark of lengths on two small folders of sampled answers."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from benchmarks._length import length_results
from pipeline.errors import DataError
from pipeline.params import LengthParams

PARAMS = LengthParams(
    learner="auto",
    level=0.9,
    knn={"k": 5},
    quantile_xgboost=None,
    buckets=None,
    quantile_head=None,
)
COLOURS = ("red", "blue", "green", "black")
SHAPES = ("square", "circle", "cube", "line", "cone")


def encode(texts: list[str]) -> NDArray[np.float32]:
    """The colour of a prompt."""
    return np.array([[colour in text for colour in COLOURS] for text in texts], dtype=np.float32)


def folder(path: Path, seed: int, n: int, models: tuple[str, ...] = ("m", "o")) -> Path:
    """Prompts whose colour says how long m answers; four samples each, of o only some."""
    rng = np.random.default_rng(seed)
    path.mkdir()
    prompts: list[dict[str, Any]] = []
    samples: list[dict[str, Any]] = []
    for i in range(n):
        colour = int(rng.integers(4))
        words = " ".join(rng.choice(SHAPES, 8)) + f" {chr(97 + i % 26)}{chr(97 + i // 26)}"
        told = {"prompt_id": f"{seed}-{i}", "dataset": "sampled"}
        prompts.append(
            told
            | {
                "prompt_text": f"{COLOURS[colour]} {words}",
                "reference_text": None,
                "category": "paint",
                "origin_id": None,
            }
        )
        for place, model in enumerate(models):
            lengths = np.exp(3 + (0.8 * colour if place == 0 else 0) + rng.normal(0, 0.2, 4))
            kept = lengths[: 4 - (place and i % 2)].round().astype(int).tolist()
            samples.append(told | {"model": model, "output_tokens_samples": kept})
    kinds = dict.fromkeys(("reference_text", "category", "origin_id"), pl.String)
    pl.DataFrame(prompts, schema_overrides=kinds).write_parquet(path / "prompts.parquet")
    pl.DataFrame(
        samples, schema_overrides={"output_tokens_samples": pl.List(pl.Int32)}
    ).write_parquet(path / "length_samples.parquet")
    return path


def test_a_folder_is_judged_on_a_part_of_its_own_or_on_another(tmp_path: Path) -> None:
    first, second = folder(tmp_path / "a", 1, 400), folder(tmp_path / "b", 2, 150)
    within = length_results(first, first, encode, PARAMS, 0)
    across = length_results(first, second, encode, PARAMS, 0)
    assert sum(within["prompts"].values()) == 400
    assert across["prompts"]["test"] == 150
    assert sum(across["prompts"].values()) == 550
    for told in (within, across):
        assert told["selected"] == "knn"
        assert set(told["models"]) == {"all", "m", "o"}
        saved = told["models"]["m"]["saved_of_knn"]["model_mean"]
        assert saved[0] < -1  # the mean loses more than twice as much
        assert saved[1] <= saved[0] <= saved[2]
        share, _, _ = told["models"]["m"]["noise_share"]
        assert share == pytest.approx(0.04 / (0.04 + 0.64 * 1.25), abs=0.02)
        assert 0.85 < told["models"]["m"]["coverage"][0] < 0.97
    assert length_results(first, first, encode, PARAMS, 0) == within


def test_a_folder_without_the_same_samples_is_refused(tmp_path: Path) -> None:
    first, other = folder(tmp_path / "a", 1, 60), folder(tmp_path / "b", 2, 60, ("m",))
    with pytest.raises(DataError, match="other models"):
        length_results(first, other, encode, PARAMS, 0)
    (other / "length_samples.parquet").unlink()
    with pytest.raises(DataError, match="no sampled lengths"):
        length_results(other, other, encode, PARAMS, 0)
