"""How a predictor of prompts grows with its training data."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.predictors._train import Labelled
from pipeline.rows import LEARNING
from pipeline.statistics import mean_intervals
from pipeline.streams import stream, unit_hash

__all__ = ["SHARES", "learning_curve"]

Floats = NDArray[np.float64]

LEVEL, RESAMPLES = 0.95, 1000
SHARES = (0.1, 0.25, 0.5, 1.0)  # of the training groups


def learning_curve(
    predictor: str,
    candidates: Sequence[str],
    train: Labelled,
    judged: Labelled,
    losses_after: Callable[[str, Labelled | None], Mapping[str, Floats]],
    label: str,
    seed: int,
) -> pl.DataFrame:
    """LEARNING rows: losses on other prompts after growing shares of the training groups.

    Over all prompts and by data set, with intervals over clusters. A share that leaves a model
    without a known value is left out.

    Args:
        predictor: quality or length.
        candidates: whose curves.
        train: all training prompts.
        judged: the n prompts that are judged.
        losses_after: losses by metric, (n, C) each with NaN unknown, of a candidate that learned
            from that part of the training prompts; from all of them for None.
        label: where the truth comes from.
        seed: of the resamples.
    """
    rows: list[dict[str, Any]] = []
    for name in candidates:
        for share in SHARES:
            part = train.take(_nested_share(train.group_ids, share))
            known = ~np.isnan(part.values)
            if not known.any(axis=tuple(axis for axis in range(known.ndim) if axis != 1)).all():
                continue
            losses = losses_after(name, None if share == 1.0 else part)
            rng = stream(seed, predictor, "learning", name, share)
            who = {"predictor": predictor, "candidate": name, "share": share, "label": label}
            rows += [who | row for row in _rows(losses, judged, part.datasets, rng)]
    return LEARNING.frame(rows)


def _nested_share(group_ids: Sequence[str], share: float) -> NDArray[np.int64]:
    """Rows of the groups that a training set of this share holds; smaller sets lie in larger."""
    kept = [unit_hash(group, "learning curve") < share for group in group_ids]
    return np.flatnonzero(kept)


def _rows(
    losses: Mapping[str, Floats], judged: Labelled, trained: list[str], rng: np.random.Generator
) -> list[dict[str, Any]]:
    """Mean losses over all prompts and by data set, with what was trained on."""
    datasets, seen = np.array(judged.datasets), np.array(trained, dtype=np.str_)
    names = ["all", *sorted(set(judged.datasets))]
    cells = [(name, metric) for name in names for metric in losses]
    width = next(iter(losses.values())).shape[1]
    inside = {name: (datasets == name) | (name == "all") for name in names}
    table = [np.where(inside[name][:, None], losses[metric], np.nan) for name, metric in cells]
    found = mean_intervals(
        np.column_stack([values.ravel() for values in table]),
        np.repeat(np.array(judged.group_ids), width),
        level=LEVEL,
        resamples=RESAMPLES,
        rng=rng,
    )
    return [
        {
            "dataset": name,
            "trained_on": len(seen) if name == "all" else int((seen == name).sum()),
            "metric": metric,
            **estimate.as_row(),
            "missing": int(inside[name].sum()) * width - estimate.n,
        }
        for (name, metric), estimate in zip(cells, found, strict=True)
    ]
