"""How far the chance that an answer fits a budget is from the share that fits."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.predictors._repeats import answers
from pipeline.predictors._train import Labelled
from pipeline.predictors.length._model import LengthPrediction
from pipeline.statistics import Estimate, interval_of_draws, joint_means

__all__ = ["length_budgets", "limit_errors"]

Floats = NDArray[np.float64]

_DECILES = np.arange(1, 10) / 10
_METHOD = "percentile cluster bootstrap"


def length_budgets(lengths: Floats) -> Floats:
    """Deciles of each model's training lengths, tokens, (M, 9)."""
    return np.nanquantile(answers(lengths), _DECILES, axis=(0, 2)).T


def limit_errors(
    told: LengthPrediction,
    actual: Labelled,
    budgets: Floats,
    *,
    level: float,
    resamples: int,
    rng: np.random.Generator,
) -> dict[str, list[Estimate]]:
    """|mean P(length <= budget) - share of answers within it|, per model and over all.

    `limit_error` is the mean over budgets, `limit_error_worst` the largest. Over all models it is
    the mean (the largest) of theirs, so that one model's error does not make up for another's. An
    absolute value is never below 0, so few prompts make it large by chance alone.

    Args:
        told, actual: of n prompts and M models.
        budgets: (M, B) tokens.
        level, resamples, rng: of the interval, over clusters of prompts.

    Returns:
        M + 1 estimates each, over all models first.
    """
    samples = answers(actual.values)
    n, models = samples.shape[:2]
    known = np.count_nonzero(~np.isnan(samples), axis=2) > 0
    means = joint_means(
        _differences(told, samples, budgets).reshape(n, -1),
        np.array(actual.group_ids),
        resamples=resamples,
        rng=rng,
    )
    # The data themselves are row 0 of what follows, the draws come after it.
    errors = np.abs(np.vstack([means.points, means.draws])).reshape(1 + resamples, models, -1)
    clusters = means.clusters.reshape(models, -1)[:, 0]
    metrics = {
        "limit_error": _with_all(errors.mean(axis=2), np.nanmean),
        "limit_error_worst": _with_all(errors.max(axis=2), np.nanmax),
    }
    slices = [slice(None), *(slice(place, place + 1) for place in range(models))]
    return {
        metric: [
            interval_of_draws(
                float(values[0, place]),
                values[1:, place],
                level=level,
                method=_METHOD,
                n=int(known[:, inside].sum()),
                clusters=int(clusters[inside].max()),
                missing=int((~known[:, inside]).sum()),
            )
            for place, inside in enumerate(slices)
        ]
        for metric, values in metrics.items()
    }


def _with_all(values: Floats, pool: Callable[..., Any]) -> Floats:
    """Values of M models, (b, M), behind a first column for all of them."""
    return np.column_stack([pool(values, axis=1), values])


def _differences(told: LengthPrediction, samples: Floats, budgets: Floats) -> Floats:
    """P(length <= budget) less the share of the known answers within it, (n, M, B)."""
    known = ~np.isnan(samples)
    counts = known.sum(axis=2)
    parts = []
    for limit in budgets.T:
        within = (known & (samples <= limit[None, :, None])).sum(axis=2)
        share = np.divide(within, counts, out=np.full(counts.shape, np.nan), where=counts > 0)
        parts.append(told.distribution.probability(limit[None, :]) - share)
    return np.stack(parts, axis=2)
