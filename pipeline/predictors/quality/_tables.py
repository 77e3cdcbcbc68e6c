"""The tables of the quality candidates: scores, routing, reliability."""

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.predictors._known import column_means
from pipeline.predictors._rows import scores_frame
from pipeline.predictors._train import Labelled
from pipeline.predictors.quality._candidates import QualityCandidates
from pipeline.predictors.quality._routing_scores import LEVEL, RESAMPLES, Ladder, routing_rows
from pipeline.predictors.quality._scores import quality_score_rows, reliability_rows
from pipeline.rows import RELIABILITY

__all__ = ["quality_reliability", "quality_scores", "quality_summary"]

Floats = NDArray[np.float64]


def quality_scores(
    candidates: QualityCandidates,
    train: Labelled,
    parts: dict[str, Labelled],
    cost: Floats,
    label: str,
    seed: int,
) -> pl.DataFrame:
    """SCORES rows of every candidate on every split given.

    Those of `quality_score_rows` and of `routing_rows`. Who is the best single model is what the
    training labels say.

    Args:
        candidates: as trained.
        train: the training labels.
        parts: judged prompts by split.
        cost: (M,) mean cost of a request.
        label: where the labels come from.
        seed: of the resamples.
    """
    models = candidates.serving.models_
    rows: list[dict[str, Any]] = []
    for split, actual in parts.items():
        told = {
            name: model.predict(actual.prompts).mean for name, model in candidates.fitted.items()
        }
        for name, predicted in told.items():
            rows += quality_score_rows(
                name,
                predicted,
                actual,
                models,
                split=split,
                label=label,
                level=LEVEL,
                resamples=RESAMPLES,
                seed=seed,
            )
        ladder = Ladder(actual.values, actual.group_ids, cost, column_means(train.values))
        rows += routing_rows(told, ladder, split=split, label=label, seed=seed)
    return scores_frame(rows, candidates.selected)


def quality_reliability(candidates: QualityCandidates, test: Labelled) -> pl.DataFrame:
    """RELIABILITY rows of the selected candidate on the test split."""
    model = candidates.serving
    rows = reliability_rows(
        candidates.selected,
        model.predict(test.prompts).mean,
        test,
        model.models_,
        level=LEVEL,
    )
    return RELIABILITY.frame(rows)


def quality_summary(scores: pl.DataFrame) -> dict[str, Any]:
    """Test numbers over all models, by candidate, for a metrics file."""
    chosen = scores.filter(split="test", slice_kind="all", versus="none")
    told: dict[str, Any] = {"selected": scores.filter(pl.col("selected"))["candidate"][0]}
    for row in chosen.iter_rows(named=True):
        told.setdefault(row["candidate"], {"n": row["n"]})[row["metric"]] = row["estimate"]
    return told
