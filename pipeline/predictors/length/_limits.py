"""How far the chance that an answer fits a budget is from the share that fits."""

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
    known = ~np.isnan(samples)
    counts = known.sum(axis=2)
    differences = np.full((n, models, budgets.shape[1]), np.nan)
    for place in range(budgets.shape[1]):
        limit = budgets[:, place]
        within = (known & (samples <= limit[None, :, None])).sum(axis=2)
        share = np.divide(within, counts, out=np.full(counts.shape, np.nan), where=counts > 0)
        differences[:, :, place] = told.distribution.probability(limit[None, :]) - share
    means = joint_means(
        differences.reshape(n, -1), np.array(actual.group_ids), resamples=resamples, rng=rng
    )
    points = np.abs(means.points).reshape(1, models, -1)
    draws = np.abs(means.draws).reshape(resamples, models, -1)
    missing = (counts == 0).sum(axis=0)

    def estimates(point: Floats, drawn: Floats, over_all: tuple[float, Floats]) -> list[Estimate]:
        """Of (1, M) points and (resamples, M) draws, those over all models first."""
        clusters = means.clusters.reshape(models, -1)[:, 0]
        told_of = [(*over_all, n * models - missing.sum(), clusters.max(), missing.sum())]
        for place in range(models):
            of_model = (point[0, place], drawn[:, place], n - missing[place])
            told_of.append((*of_model, clusters[place], missing[place]))
        return [
            interval_of_draws(
                float(value),
                values,
                level=level,
                method=_METHOD,
                n=int(size),
                clusters=int(units),
                missing=int(lacking),
            )
            for value, values, size, units, lacking in told_of
        ]

    mean, worst = points.mean(axis=2), points.max(axis=2)
    drawn_mean, drawn_worst = draws.mean(axis=2), draws.max(axis=2)
    return {
        "limit_error": estimates(
            mean, drawn_mean, (np.nanmean(mean), np.nanmean(drawn_mean, axis=1))
        ),
        "limit_error_worst": estimates(
            worst, drawn_worst, (np.nanmax(worst), np.nanmax(drawn_worst, axis=1))
        ),
    }
