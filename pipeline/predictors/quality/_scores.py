"""How good one candidate of quality is: rows of SCORES and of RELIABILITY from its predictions."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import DataError
from pipeline.predictors._contract import Prompts
from pipeline.predictors._rows import score_row
from pipeline.predictors._train import Labelled
from pipeline.statistics import (
    Estimate,
    auc_interval,
    auc_within_prompt,
    brier_intervals,
    brier_parts,
    ece,
    ece_interval,
    reliability_bins,
)
from pipeline.streams import stream

__all__ = ["quality_score_rows", "reliability_rows"]

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ids = NDArray[np.str_]
Value = TypeVar("Value")

_THIRDS = ("short", "middle", "long")
# Labels below which a slice is a point: resamples of so few say less than their interval claims.
_LEAST = 30


@dataclass(frozen=True)
class _Pairs:
    """Labelled pairs of a slice: prediction and label of each, and whose they are; (n,) each."""

    predicted: Floats
    label: Floats
    prompts: Ids
    groups: Ids

    @classmethod
    def of(cls, predicted: Floats, labelled: Labelled, inside: Bools) -> "_Pairs":
        row, model = np.nonzero(inside & ~np.isnan(labelled.values))
        ids = (np.array(names)[row] for names in (labelled.prompt_ids, labelled.group_ids))
        return cls(predicted[row, model], labelled.values[row, model], *ids)


@dataclass(frozen=True)
class _Draws:
    level: float
    resamples: int
    seed: int


def quality_score_rows(
    candidate: str,
    predicted: Floats,
    labelled: Labelled,
    models: Sequence[str],
    *,
    split: str,
    label: str,
    level: float,
    resamples: int,
    seed: int,
) -> list[dict[str, Any]]:
    """Scores of one candidate on one split, with intervals over clusters of prompts.

    Metrics are brier and its parts (`brier_intervals`), ece (`ece_interval`) and auc_within_prompt
    (`auc_interval`), over all pairs and for each model, data set and third of prompt length in
    characters. A model alone has no auc_within_prompt. Slices of fewer than 30 labels have no
    interval, slices without a label no row. Equal seeds resample equal clusters for every
    candidate.

    Args:
        candidate: its name.
        predicted: (n, M) quality in 0..1.
        labelled: the n prompts, their labels and clusters.
        models: M names in column order.
        split: whose rows these are.
        label: where the truth comes from.
        level: confidence level.
        resamples: bootstrap resamples of clusters.
        seed: of the resamples.

    Raises:
        DataError: the shapes differ, no label is known, or a prediction is outside 0..1.
    """
    _same_shape(predicted, labelled, models)
    draws = _Draws(level, resamples, seed)
    rows = []
    for kind, name, inside in _slices(labelled, models):
        pairs = _Pairs.of(predicted, labelled, inside)
        if not pairs.label.size:
            continue
        score = _scored if pairs.label.size >= _LEAST else _point_scored
        unlabelled = int(inside.sum()) - pairs.label.size
        rows += [
            score_row(
                "quality",
                candidate,
                metric,
                # Of prompts, those without a pair to order are counted already.
                found if metric == "auc_within_prompt" else replace(found, missing=unlabelled),
                split=split,
                label=label,
                slice_kind=kind,
                slice_name=name,
            )
            for metric, found in score(pairs, draws, f"{kind} {name}").items()
            if not (kind == "model" and metric == "auc_within_prompt")
        ]
    return rows


def reliability_rows(
    candidate: str,
    predicted: Floats,
    labelled: Labelled,
    models: Sequence[str],
    *,
    level: float,
) -> list[dict[str, Any]]:
    """Rows of `RELIABILITY` of one candidate: each model with labels, and all together.

    Args, errors: as `quality_score_rows`.
    """
    _same_shape(predicted, labelled, models)
    rows = []
    for kind, name, inside in _slices(labelled, models):
        pairs = _Pairs.of(predicted, labelled, inside)
        if kind not in ("all", "model") or not pairs.label.size:
            continue
        bins = reliability_bins(pairs.predicted, pairs.label, pairs.groups, level=level)
        rows += [
            {
                "candidate": candidate,
                "model": name,
                "bin": rank,
                "predicted": one.mean_predicted,
                "observed": one.mean_observed,
                "low": one.low,
                "high": one.high,
                "n": one.count,
            }
            for rank, one in enumerate(bins)
        ]
    return rows


def _same_shape(predicted: Floats, labelled: Labelled, models: Sequence[str]) -> None:
    if predicted.shape != labelled.values.shape or predicted.shape[1] != len(models):
        raise DataError(
            f"predictions have shape {predicted.shape}, labels {labelled.values.shape}, and there "
            f"are {len(models)} models"
        )
    if np.isnan(labelled.values).all():
        raise DataError("no prompt of this split has a quality label")


def _slices(labelled: Labelled, models: Sequence[str]) -> Iterator[tuple[str, str, Bools]]:
    """Kind, name and pairs (n, M) of every slice."""
    shape = labelled.values.shape
    yield "all", "all", np.ones(shape, dtype=bool)
    for place, model in enumerate(models):
        yield "model", model, np.broadcast_to(np.arange(shape[1]) == place, shape)
    datasets = np.array(labelled.datasets)
    for dataset in np.unique(datasets):
        yield "dataset", str(dataset), _whole_rows(datasets == dataset, shape)
    third = _length_thirds(labelled.prompts)
    for place, name in enumerate(_THIRDS):
        yield "length", name, _whole_rows(third == place, shape)


def _whole_rows(inside: Bools, shape: tuple[int, ...]) -> Bools:
    return np.broadcast_to(inside[:, None], shape)


def _length_thirds(prompts: Prompts) -> NDArray[np.int64]:
    """Third of each prompt by its characters, (n,); equal lengths share one."""
    lengths = np.array([len(text) for text in prompts.required_texts()], dtype=np.float64)
    edges = np.quantile(lengths, [1 / 3, 2 / 3])
    return np.searchsorted(edges, lengths, side="left").astype(np.int64)


def _scored(pairs: _Pairs, draws: _Draws, where: str) -> dict[str, Estimate]:
    """Estimates by metric."""
    parts = brier_intervals(
        pairs.predicted,
        pairs.label,
        pairs.groups,
        level=draws.level,
        resamples=draws.resamples,
        rng=stream(draws.seed, "quality scores", "brier", where),
    )
    error = ece_interval(
        pairs.predicted,
        pairs.label,
        pairs.groups,
        level=draws.level,
        resamples=draws.resamples,
        rng=stream(draws.seed, "quality scores", "ece", where),
    )
    order = auc_interval(
        pairs.predicted,
        pairs.label,
        pairs.prompts,
        pairs.groups,
        level=draws.level,
        resamples=draws.resamples,
        rng=stream(draws.seed, "quality scores", "auc", where),
    )
    return {**_named(parts), "ece": error, "auc_within_prompt": order}


def _point_scored(pairs: _Pairs, draws: _Draws, where: str) -> dict[str, Estimate]:
    parts = vars(brier_parts(pairs.predicted, pairs.label, pairs.groups))
    auc, prompts = auc_within_prompt(pairs.predicted, pairs.label, pairs.prompts)
    clusters = len(np.unique(pairs.groups))
    told = {**_named(parts), "ece": ece(pairs.predicted, pairs.label)[0], "auc_within_prompt": auc}
    counts = {"auc_within_prompt": prompts}
    reason = f"degenerate: fewer than {_LEAST} labels"
    return {
        metric: Estimate(
            value, None, None, draws.level, reason, counts.get(metric, pairs.label.size), clusters
        )
        for metric, value in told.items()
    }


def _named(parts: Mapping[str, Value]) -> dict[str, Value]:
    return {name if name == "brier" else f"brier_{name}": one for name, one in parts.items()}
