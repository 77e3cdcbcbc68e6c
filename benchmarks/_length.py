"""Length candidates on real prompts that were answered ten times by many models."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.errors import DataError
from pipeline.params import LengthParams, SplitParams
from pipeline.predictors import (
    Labelled,
    LengthModel,
    Prompts,
    fit_lengths,
    length_budgets,
    length_scores,
    pinball_losses,
)
from pipeline.streams import unit_hash
from pipeline.workload.files import read_prompts
from pipeline.workload.splits import assign_splits

__all__ = ["length_results"]

Encode = Callable[[list[str]], NDArray[np.float32]]

_JACCARD = 0.8
# Upper edge of each split in the hash of a group, where both folders are one, and where not.
_WITHIN = {"train": 0.50, "calibration": 0.70, "validation": 0.75, "test": 1.0}
_ACROSS = {"train": 0.65, "calibration": 0.92, "validation": 1.0}
# Only the groups of stage dataset are wanted, not its splits.
_UNUSED = SplitParams(train=0.25, calibration=0.25, validation=0.25, test=0.25)
_EVERYTHING = {"test": 1.0}
_SHOWN = ("pinball", "coverage", "width", "mae", "limit_error", "limit_error_worst")


def length_results(
    train_folder: Path, test_folder: Path, encode: Encode, params: LengthParams, seed: int
) -> dict[str, Any]:
    """Train on one folder of real data, judge on another; every number is of sampled answers.

    Prompts are split by group, with near-copies joined, as stage dataset does. Every sample of a
    prompt is learned from, and judged, by itself.

    Args:
        train_folder, test_folder: of the schema of data/external/README.md, with
            length_samples.parquet beside prompts.parquet. Where they are the same, a quarter of the
            groups is held out to judge by.
        encode: unit embeddings of texts.
        params: the candidates; those that are null are left out.
        seed: of training and resampling.

    Returns:
        `selected`, the `prompts` of each split; by model and over all: every metric as (estimate,
        low, high); the pinball loss of every candidate and what each saves of that of k-NN, as a
        share; `knn_raw`, the loss of its neighbours' own quantiles, which calibration of a long
        tail can make worse; and the share of the variance of log tokens that is noise of sampling.

    Raises:
        DataError: a folder has no sampled lengths, or they know different models.
    """
    same = train_folder.resolve() == test_folder.resolve()
    models = _models(train_folder)
    parts = _read(train_folder, models, encode, _WITHIN if same else _ACROSS)
    if not same:
        if _models(test_folder) != models:
            raise DataError(f"{test_folder}: other models were sampled than in {train_folder}")
        parts |= _read(test_folder, models, encode, _EVERYTHING)
    found = fit_lengths(
        models, parts["train"], parts["calibration"], parts["validation"], params, seed
    )
    budgets = length_budgets(parts["train"].values)
    raw = _uncalibrated(found.fitted.get("knn"), parts["test"])
    scores = length_scores(found, {"test": parts["test"]}, budgets, "recorded", seed)
    return {
        "selected": found.selected,
        "prompts": {name: len(part.prompt_ids) for name, part in parts.items()},
        "models": {
            name: _of_model(scores, kind, name, found.selected) | {"knn_raw": raw.get(name)}
            for kind, name in [("all", "all"), *(("model", model) for model in models)]
        },
    }


def _uncalibrated(model: LengthModel | None, test: Labelled) -> dict[str, float]:
    """Pinball loss of a learner's own quantiles, tokens, by model and over all."""
    if model is None:
        return {}
    own = model.learner.predict_distribution(test.prompts)
    losses = pinball_losses(replace(model.predict(test.prompts), distribution=own), test.values)
    means = np.nanmean(losses, axis=0).tolist()
    return {"all": float(np.nanmean(losses)), **dict(zip(model.models_, means, strict=True))}


def _of_model(scores: pl.DataFrame, kind: str, name: str, selected: str) -> dict[str, Any]:
    rows = scores.filter(slice_kind=kind, slice=name)
    alone = rows.filter(versus="none")
    ours = alone.filter(candidate=selected)
    told: dict[str, Any] = {
        metric: ours.filter(metric=metric).select("estimate", "low", "high").row(0)
        for metric in _SHOWN
    }
    losses = alone.filter(metric="pinball").select("candidate", "estimate").rows()
    told["pinball_of"] = dict(losses)
    against = rows.filter(metric="pinball", versus="knn")
    knn = told["pinball_of"].get("knn")
    told["saved_of_knn"] = {
        row["candidate"]: tuple(
            None if row[end] is None else -row[end] / knn for end in ("estimate", "high", "low")
        )
        for row in against.iter_rows(named=True)
    }
    noise = alone.filter(metric="noise_share").select("estimate", "low", "high").rows()
    return told | ({"noise_share": noise[0]} if noise else {})


def _samples(folder: Path) -> pl.DataFrame:
    path = folder / "length_samples.parquet"
    if not path.exists():
        raise DataError(f"{path}: no sampled lengths; they are needed to judge lengths")
    return pl.read_parquet(path, columns=["prompt_id", "dataset", "model", "output_tokens_samples"])


def _models(folder: Path) -> list[str]:
    return sorted(_samples(folder)["model"].unique())


def _read(
    folder: Path, models: list[str], encode: Encode, edges: dict[str, float]
) -> dict[str, Labelled]:
    """Prompts with sampled lengths, (n, M, R) tokens, by split."""
    samples = _samples(folder)
    prompts = read_prompts(folder, tuple(sorted(samples["dataset"].unique())), None)
    prompts = prompts.join(samples.select("prompt_id").unique(), on="prompt_id", how="semi")
    prompts = prompts.sort("prompt_id")
    groups = assign_splits(prompts, _UNUSED, _JACCARD).group_ids
    every = Labelled(
        prompts["prompt_id"].to_list(),
        groups,
        prompts["category"].fill_null("none").to_list(),
        Prompts(encode(prompts["prompt_text"].to_list()), tuple(prompts["prompt_text"])),
        _table(samples, prompts["prompt_id"].to_list(), models),
    )
    splits = np.searchsorted(
        list(edges.values()), [unit_hash(group, "split") for group in groups], side="right"
    )
    return {name: _take(every, np.flatnonzero(splits == place)) for place, name in enumerate(edges)}


def _table(samples: pl.DataFrame, ids: list[str], models: list[str]) -> NDArray[np.float64]:
    """Sampled tokens, (n, M, R), NaN where there are none."""
    places = {one: place for place, one in enumerate(ids)}
    columns = {model: place for place, model in enumerate(models)}
    most = samples["output_tokens_samples"].list.len().max()
    table = np.full((len(ids), len(models), int(str(most))), np.nan)
    for prompt, _, model, tokens in samples.iter_rows():
        table[places[prompt], columns[model], : len(tokens)] = tokens
    return table


def _take(every: Labelled, rows: NDArray[np.int64]) -> Labelled:
    texts = (every.prompt_ids, every.group_ids, every.datasets)
    ids, groups, datasets = ([names[row] for row in rows] for names in texts)
    return Labelled(ids, groups, datasets, every.prompts.take(rows), every.values[rows])
