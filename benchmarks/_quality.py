"""Quality candidates on ladders of real models: trained on one folder, judged on another."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from benchmarks._ladders import LADDERS
from pipeline.params import QualityParams
from pipeline.predictors import (
    Labelled,
    Ladder,
    Learner,
    Prompts,
    QualityModel,
    routing_rows,
    select_quality,
    train_qualities,
)
from pipeline.statistics import auc_within_prompt, brier, ece_interval
from pipeline.streams import stream, unit_hash
from pipeline.workload.files import read_prompts

__all__ = ["Pool", "judge_ladders", "read_pool", "transfer"]

Floats = NDArray[np.float64]
Encode = Callable[[list[str]], NDArray[np.float32]]

# Upper edge of each split in the hash of a group, where both folders are one, and where not.
WITHIN = {"train": 0.55, "calibration": 0.70, "validation": 0.80, "test": 1.0}
ACROSS = {"train": 0.70, "calibration": 0.87, "validation": 1.0}
AUTO = "auto"
LEVEL, RESAMPLES = 0.95, 1000


@dataclass(frozen=True)
class Pool:
    """Labels of every model that answered enough of some data sets, by split."""

    models: list[str]
    parts: dict[str, Labelled]

    def columns(self, models: list[str]) -> list[int]:
        return [self.models.index(model) for model in models]


def read_pool(
    train: Path, test: Path, datasets: tuple[str, ...], names: list[str], encode: Encode
) -> Pool:
    """Read the prompts and labels of some data sets and split them by group.

    Beside the models of the ladders, every other model that answered all of these data sets is a
    column: learners that share what makes a prompt hard may learn from it, and nothing else is
    made of it.
    """
    same = train.resolve() == test.resolve()
    wanted = list(dict.fromkeys(model for name in names for model in LADDERS[name].models))
    labels = _labels(train, datasets)
    counts = dict(labels.group_by("model").len().iter_rows())
    most = max(counts.values())
    models = wanted + sorted(m for m, n in counts.items() if n > 0.9 * most and m not in wanted)
    parts = _split(train, datasets, labels, models, encode, WITHIN if same else ACROSS)
    if not same:
        parts |= _split(test, datasets, _labels(test, datasets), models, encode, {"test": 1.0})
    return Pool(models, parts)


class Columns:
    """Some columns of a learner of a whole pool."""

    def __init__(self, learner: Learner[Prompts], places: list[int]) -> None:
        self._learner, self._places = learner, places

    def predict(self, inputs: Prompts) -> Floats:
        told: Floats = self._learner.predict(inputs)[:, self._places]
        return told


def judge_ladders(
    pool: Pool, names: list[str], params: QualityParams, seed: int
) -> dict[str, dict[str, Any]]:
    """Train every candidate once for the pool; by ladder, what routing with each is worth."""
    fitted = train_qualities(
        pool.models, pool.parts["train"], pool.parts["calibration"], params, seed
    )
    return {name: _ladder(pool, name, fitted, params, seed) for name in names}


def transfer(pool: Pool, name: str, params: QualityParams, seed: int) -> dict[str, dict[str, Any]]:
    """Judge the test prompts of each data set by what was learned without it."""
    found = {}
    for left_out in LADDERS[name].datasets:
        parts = {
            split: part.take(
                np.flatnonzero((np.array(part.datasets) == left_out) == (split == "test"))
            )
            for split, part in pool.parts.items()
        }
        found[left_out] = judge_ladders(Pool(pool.models, parts), [name], params, seed)[name]
    return found


def _ladder(
    pool: Pool, name: str, fitted: dict[str, QualityModel], params: QualityParams, seed: int
) -> dict[str, Any]:
    models, places = LADDERS[name].models, pool.columns(LADDERS[name].models)
    cost = np.array(list(LADDERS[name].cost.values()))
    parts = {split: _columns(part, places) for split, part in pool.parts.items()}
    told = {
        key: _of_ladder(one.learner, models, places, parts, params) for key, one in fitted.items()
    }
    validation, predicted = (
        {key: one.predict(parts[split].prompts).mean for key, one in told.items()}
        for split in ("validation", "test")
    )
    selected = select_quality(validation, parts["validation"], cost, seed)
    test, seen = parts["test"], parts["train"].values
    ladder = Ladder(test.values, test.group_ids, cost, np.nanmean(seen, axis=0))
    rows = routing_rows(predicted, ladder, split="test", label="recorded", seed=seed)
    candidates = {key: _candidate(rows, key, values, test) for key, values in predicted.items()}
    return {**candidates, AUTO: {"selected": selected, **candidates[selected]}}


def _of_ladder(
    learner: Learner[Prompts],
    models: list[str],
    places: list[int],
    parts: dict[str, Labelled],
    params: QualityParams,
) -> QualityModel:
    """The learner of the pool, calibrated for the models of one ladder alone."""
    model = QualityModel(Columns(learner, places), params.level, params.calibration)  # type: ignore[arg-type]
    model.models_ = models
    known, seen = parts["calibration"], parts["train"]
    return model.calibrate(known.prompts, known.values, seen.values, known.group_ids)


def _candidate(
    rows: list[dict[str, Any]], name: str, predicted: Floats, test: Labelled
) -> dict[str, Any]:
    own = {(row["metric"], row["versus"]): row for row in rows if row["candidate"] == name}

    def interval(metric: str, versus: str = "none") -> dict[str, Any] | None:
        row = own.get((metric, versus))
        return None if row is None else {key: row[key] for key in ("estimate", "low", "high")}

    def with_differences(metric: str) -> dict[str, Any]:
        return {
            **(interval(metric) or {}),
            "vs_best_single": interval(metric, "best_single"),
            "vs_dataset_mean": interval(metric, "dataset_mean"),
            "vs_knn": interval(metric, "knn"),
        }

    known = ~np.isnan(test.values)
    prompts = np.repeat(np.arange(len(known)), known.shape[1])[known.ravel()]
    groups = np.repeat(np.array(test.group_ids), known.shape[1])[known.ravel()]
    score, label = predicted[known], test.values[known]
    error = ece_interval(
        score,
        label,
        groups,
        level=LEVEL,
        resamples=RESAMPLES,
        rng=stream(1, "ece", name),
    )
    return {
        "n": own["regret", "none"]["n"],
        "regret": own["regret", "none"]["estimate"],
        "regret_interval": interval("regret"),
        "apgr": own["apgr", "none"]["estimate"],
        "apgr_interval": interval("apgr"),
        "apgr_vs_knn": interval("apgr", "knn"),
        "quality_at_equal_cost": with_differences("quality_at_equal_cost"),
        "quality_at_half_cost": with_differences("quality_at_half_cost"),
        "gap_closed": interval("gap_closed"),
        "brier": brier(score, label),
        "ece": error.estimate,
        "ece_interval": {"estimate": error.estimate, "low": error.low, "high": error.high},
        "auc_within_prompt": auc_within_prompt(score, label, prompts)[0],
    }


def _columns(part: Labelled, columns: list[int]) -> Labelled:
    return Labelled(
        part.prompt_ids, part.group_ids, part.datasets, part.prompts, part.values[:, columns]
    )


def _labels(folder: Path, datasets: tuple[str, ...]) -> pl.DataFrame:
    """Labels of one source per prompt, the commonest of its data set: two are never mixed."""
    frames = []
    for name in datasets:
        rows = pl.read_parquet(
            folder / "responses" / f"{name}.parquet",
            columns=["prompt_id", "model", "quality", "quality_source"],
        ).drop_nulls("quality")
        sources = rows.group_by("prompt_id").agg(pl.col("quality_source").n_unique())
        if (sources["quality_source"] > 1).any():  # else it names the metric of each task
            main = rows["quality_source"].value_counts(sort=True)["quality_source"][0]
            rows = rows.filter(pl.col("quality_source") == main)
        frames.append(rows.select("prompt_id", "model", pl.col("quality").cast(pl.Float64)))
    return pl.concat(frames)


def _split(
    folder: Path,
    datasets: tuple[str, ...],
    labels: pl.DataFrame,
    models: list[str],
    encode: Encode,
    edges: dict[str, float],
) -> dict[str, Labelled]:
    prompts = read_prompts(folder, datasets, None)
    kept = labels.filter(pl.col("model").is_in(models))
    wide = kept.pivot(on="model", index="prompt_id", values="quality")
    rows = prompts.join(wide, on="prompt_id").sort("prompt_id")
    texts, names = rows["prompt_text"].to_list(), rows["dataset"].to_list()
    values = rows.select(
        pl.col(m).fill_null(np.nan) if m in rows.columns else pl.lit(np.nan).alias(m)
        for m in models
    ).to_numpy()
    every = Labelled(
        rows["prompt_id"].to_list(),
        rows["group_id"].to_list(),
        names,
        Prompts(encode(texts), tuple(texts), tuple(names)),
        values.astype(np.float64),
    )
    places = np.searchsorted(
        list(edges.values()), [unit_hash(group, "split") for group in every.group_ids], side="right"
    )
    return {name: every.take(np.flatnonzero(places == i)) for i, name in enumerate(edges)}
