"""The table of the length candidates: every metric, by slice, with intervals over prompts."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.predictors._repeats import answers
from pipeline.predictors._rows import score_row, scores_frame
from pipeline.predictors._train import Labelled
from pipeline.predictors.length._candidates import LengthCandidates
from pipeline.predictors.length._limits import limit_errors
from pipeline.predictors.length._loss import METRICS, judge_lengths
from pipeline.predictors.length._model import LengthPrediction
from pipeline.statistics import Estimate, mean_intervals, noise_share
from pipeline.streams import stream

__all__ = ["LEVEL", "RESAMPLES", "length_scores", "length_summary"]

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

LEVEL, RESAMPLES = 0.95, 1000
_AGAINST = ("model_mean", "knn")
_THIRDS = ("short", "medium", "long")
_LABEL = "label"  # no candidate: what the lengths themselves allow
_LIMITS = ("limit_error", "limit_error_worst")


def length_scores(
    candidates: LengthCandidates,
    parts: Mapping[str, Labelled],
    budgets: Floats,
    label: str,
    seed: int,
) -> pl.DataFrame:
    """SCORES rows of every candidate on every split given.

    Metrics are those of `judge_lengths` and `limit_errors`, and where prompts were answered more
    than once `noise_share` of candidate "label", per model. Slices are all, model, dataset and
    length (thirds of the candidate's own predicted medians). `versus` rows subtract the pinball
    loss of a reference on the same pairs. Intervals are over clusters of prompts.

    Args:
        candidates: as trained.
        parts: judged prompts by split.
        budgets: (M, B) tokens, of `length_budgets`.
        label: where the lengths come from.
        seed: of the resamples.
    """
    rows: list[dict[str, Any]] = []
    for split, actual in parts.items():
        told = {name: one.predict(actual.prompts) for name, one in candidates.fitted.items()}
        judged = {name: judge_lengths(one, actual.values) for name, one in told.items()}
        for name in told:
            shared = {"split": split, "label": label}
            models = candidates.fitted[name].models_
            against = {
                other: judged[other] for other in _AGAINST if other in judged and other != name
            }
            slices = list(_slices(told[name], actual, models))
            of_means = _mean_rows(judged[name], against, slices, actual, _rng(seed, split, name))
            for (kind, where, metric, versus), found in of_means:
                place = {"slice_kind": kind, "slice_name": where, "versus": versus}
                rows.append(score_row("length", name, metric, found, **shared, **place))
            errors = limit_errors(
                told[name],
                actual,
                budgets,
                level=LEVEL,
                resamples=RESAMPLES,
                rng=_rng(seed, split, name, "limits"),
            )
            places = [("all", "all"), *(("model", model) for model in models)]
            for metric in _LIMITS:
                for (kind, where), found in zip(places, errors[metric], strict=True):
                    place = {"slice_kind": kind, "slice_name": where}
                    rows.append(score_row("length", name, metric, found, **shared, **place))
        rows += _noise_rows(actual, candidates.serving.models_, split, label, seed)
    return scores_frame(rows, candidates.selected)


def length_summary(scores: pl.DataFrame) -> dict[str, Any]:
    """Test numbers of the selected candidate, by its name and model, for a metrics file."""
    chosen = scores.filter(pl.col("selected"), split="test", versus="none").filter(
        pl.col("slice_kind").is_in(["all", "model"])
    )
    told: dict[str, Any] = {}
    for row in chosen.iter_rows(named=True):
        entry = told.setdefault(row["candidate"], {}).setdefault(row["slice"], {"n": row["n"]})
        entry[row["metric"]] = row["estimate"]
        if row["metric"] == "coverage":
            entry |= {"coverage_low": row["low"], "coverage_high": row["high"]}
    return told


def _noise_rows(
    actual: Labelled, models: list[str], split: str, label: str, seed: int
) -> list[dict[str, Any]]:
    """Share of the variance of log tokens that is noise of sampling; none without repeats."""
    logs = np.log(answers(actual.values))
    if logs.shape[2] == 1:
        return []
    found = [
        noise_share(
            logs[:, column],
            level=LEVEL,
            resamples=RESAMPLES,
            rng=_rng(seed, split, model, "noise"),
            group_ids=np.array(actual.group_ids),
        )
        for column, model in enumerate(models)
    ]
    return [
        score_row(
            "length",
            _LABEL,
            "noise_share",
            one,
            split=split,
            label=label,
            slice_kind="model",
            slice_name=model,
        )
        for model, one in zip(models, found, strict=True)
    ]


def _rng(seed: int, *purpose: str) -> np.random.Generator:
    return stream(seed, "length scores", *purpose)


def _mean_rows(
    judged: Floats,
    against: Mapping[str, Floats],
    slices: list[tuple[str, str, Mask]],
    actual: Labelled,
    rng: np.random.Generator,
) -> Iterator[tuple[tuple[str, str, str, str], Estimate]]:
    """Slice, metric and reference of every mean, and the mean, all from the same resamples."""
    columns = {(metric, "none"): judged[:, :, place] for place, metric in enumerate(METRICS)}
    pinball = METRICS.index("pinball")
    for other, values in against.items():
        columns["pinball", other] = judged[:, :, pinball] - values[:, :, pinball]
    groups = np.repeat(np.array(actual.group_ids), judged.shape[1])
    names = [(kind, where, *column) for kind, where, _ in slices for column in columns]
    table = np.column_stack(
        [
            np.where(mask, values, np.nan).ravel()
            for _, _, mask in slices
            for values in columns.values()
        ]
    )
    found = mean_intervals(table, groups, level=LEVEL, resamples=RESAMPLES, rng=rng)
    inside = [mask for _, _, mask in slices for _ in columns]
    for name, mask, estimate in zip(names, inside, found, strict=True):
        yield name, _bounded(name[2], estimate, int(mask.sum()))


def _bounded(metric: str, found: Estimate, size: int) -> Estimate:
    """The estimate with what is missing in its own slice; a share ends at 1."""
    found = replace(found, missing=size - found.n)
    return found.within(0.0, 1.0) if metric == "coverage" else found


def _slices(
    told: LengthPrediction, actual: Labelled, models: list[str]
) -> Iterator[tuple[str, str, Mask]]:
    """Kind, name and mask (n, M) of every slice."""
    shape = told.median.shape
    yield "all", "all", np.ones(shape, dtype=bool)
    for column, model in enumerate(models):
        yield "model", model, np.broadcast_to(np.arange(shape[1]) == column, shape)
    datasets = np.array(actual.datasets)
    for dataset in sorted(set(actual.datasets)):
        yield "dataset", dataset, np.broadcast_to((datasets == dataset)[:, None], shape)
    thirds = np.searchsorted(np.quantile(told.median, [1 / 3, 2 / 3]), told.median)
    for place, name in enumerate(_THIRDS):
        if (thirds == place).any():
            yield "length", name, thirds == place
