"""A project folder with small predictors and a store of its own, for tests of the registry."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
import yaml

from pipeline.params import Params, load_params
from pipeline.predictors import LengthModel, QualityModel, labelled
from pipeline.predictors.learners import Knn
from pipeline.registry import Trained, register, seen_units
from pipeline.rows import DATASET, EMBEDDINGS, PROMPTS, SCORES
from pipeline.schema import write_rows
from pipeline.stage import Paths

MODELS = ("emu-3b", "emu-7b", "emu-14b", "emu-72b")
SPLITS = ("train", "calibration", "validation", "test")


def params_file(root: Path, folder: Path) -> Params:
    """The params of the project, in a folder of their own; the store is below it."""
    told = yaml.safe_load((root / "params.yaml").read_text())
    told["register"]["gate"]["resamples"] = 500
    # In full: MLflow keeps a store by its address, and every file of tests has its own.
    told["register"]["tracking_uri"] = f"sqlite:///{folder}/mlflow.db"
    (folder / "params.yaml").write_text(yaml.safe_dump(told, sort_keys=False))
    return load_params(folder / "params.yaml")


def write_data(folder: Path, n: int = 480, seed: int = 0) -> None:
    """Prompts of two kinds: on each another model is good, and the embedding says which."""
    rng = np.random.default_rng(seed)
    kinds = rng.integers(0, 2, n)
    vectors = 0.05 * rng.normal(size=(n, 384))
    vectors[np.arange(n), kinds] += 1.0
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    ids = [f"{seed}-{i:04d}" for i in range(n)]
    (folder / "data").mkdir(exist_ok=True)
    prompts = [
        {
            "prompt_id": name, "dataset": f"kind{kind}", "task": "fact", "group_id": f"g{name}",
            "prompt_text": f"Question {name} of kind {kind}", "reference_text": None,
            "category": None, "difficulty": None, "source": "generated", "licence": "CC0",
        }
        for name, kind in zip(ids, kinds, strict=True)
    ]  # fmt: skip
    write_rows(PROMPTS.frame(prompts), folder / Paths.PROMPTS, PROMPTS)
    rows = []
    # Another size moves what is tested.
    turn = n // 120
    for i, (name, kind) in enumerate(zip(ids, kinds, strict=True)):
        split = SPLITS[(0, 0, 1, 3, 3, 2)[(i + turn) % 6]]
        for column, model in enumerate(MODELS):
            good = 0.9 if column == 2 * kind else 0.3
            tokens = int(rng.integers(20, 60) * (1 + 4 * kind))
            rows.append(
                {
                    "prompt_id": name, "model": model, "dataset": f"kind{kind}",
                    "group_id": f"g{name}", "split": split,
                    "quality": float(rng.random() < good), "quality_source": "rules",
                    "prompt_tokens": 20, "output_tokens": tokens,
                    "output_tokens_source": "counted:wordpiece", "label": "emulated",
                }
            )  # fmt: skip
    write_rows(DATASET.frame(rows), folder / Paths.DATASET, DATASET)
    frame = pl.DataFrame(
        {"prompt_id": ids, "embedding": vectors.astype(np.float32)}, schema=EMBEDDINGS.polars()
    )
    write_rows(frame, folder / Paths.EMBEDDINGS, EMBEDDINGS)


def train(kind: str, *, blind: bool = False, k: int = 20) -> None:
    """Train a predictor of quality or length on the data here; a blind one on others' labels."""
    column, path, make = {
        "quality": ("quality", Paths.QUALITY, QualityModel),
        "length": ("output_tokens", Paths.LENGTH, LengthModel),
    }[kind]
    files = [pl.read_parquet(one) for one in (Paths.DATASET, Paths.EMBEDDINGS, Paths.PROMPTS)]
    parts = [labelled(*files, column, list(MODELS), split) for split in SPLITS[:2]]
    mixed = np.random.default_rng(0).permutation(len(parts[0].values))
    known = parts[0].values[mixed] if blind else parts[0].values
    told: list[Any] = [parts[0].prompts, known, parts[1].prompts, parts[1].values]
    make(Knn(k), level=0.9).fit(list(MODELS), *told).save(path)  # type: ignore[operator]


def trained(kind: str) -> Trained:
    """What the stage would say of the predictor in models/."""
    path = {"quality": Paths.QUALITY, "length": Paths.LENGTH}[kind]
    data = pl.read_parquet(Paths.DATASET)
    return Trained(
        kind=kind,
        folder=path,
        data=Paths.DATASET,
        params={"learner": "auto", "knn": {"k": 3}},
        metrics={"knn.brier": 0.2},
        example=pd.DataFrame({"prompt_text": ["How many?", "Why so?"]}),
        outputs=[f"{model}{end}" for model in MODELS for end in ("", ".low", ".high")],
        rows={name: data.filter(pl.col("split") == name) for name in SPLITS},
        seen=seen_units(kind, data),
        scores=scores(kind),
        card=f"# {kind}",
    )


def scores(kind: str) -> pl.DataFrame:
    """Two candidates, the first one selected."""
    estimate = {"low": 0.1, "high": 0.3, "level": 0.95, "method": "BCa", "n": 80, "clusters": 80}
    metric = {"quality": "regret", "length": "pinball"}[kind]
    return SCORES.frame(
        {
            "predictor": kind, "candidate": name, "selected": name == "knn", "split": "test",
            "slice_kind": "all", "slice": "all", "metric": metric, "versus": "none",
            "estimate": 0.2, "missing": 0, "label": "emulated", **estimate,
        }
        for name in ("knn", "mean")
    )  # fmt: skip


@cache
def _blank_store() -> bytes:
    import mlflow

    with TemporaryDirectory() as folder:
        mlflow.MlflowClient(f"sqlite:///{folder}/mlflow.db").search_experiments()
        return (Path(folder) / "mlflow.db").read_bytes()


def blank_store(file: Path) -> None:
    """An empty store; making its tables takes seconds, and one lot of them serves all tests."""
    file.write_bytes(_blank_store())


def make_project(folder: Path, root: Path) -> Path:
    """Data, a champion of quality and of length, and a challenger of quality, clearly better."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        params = params_file(root, folder)
        write_data(folder)
        blank_store(folder / "mlflow.db")
        train("quality", blind=True)
        train("length")
        register([trained("quality"), trained("length")], params.register_)
        train("quality")
        register([trained("quality")], params.register_)
    return folder


def register_again(kind: str) -> None:
    """Register what models/ holds now."""
    register([trained(kind)], load_params(Path("params.yaml")).register_)
