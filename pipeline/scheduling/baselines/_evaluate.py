"""What the choices of learned routers are worth, straight from the labels: no queue."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import DataError
from pipeline.scheduling.baselines._base import Floats, LearnedRouter, RouterData, best_models
from pipeline.statistics import mixture_hull, quality_on_hull

__all__ = ["evaluate_routers"]


def evaluate_routers(
    routers: Mapping[str, LearnedRouter], train: RouterData, validation: RouterData
) -> dict[str, Any]:
    """Score every router on the validation split, at each value of its knob that is tried.

    Only prompts with a quality and a cost from every model are used, the others are counted. Each
    score holds the mean `quality` (0 to 1) and `cost_usd` per request of the choices, the `share`
    of requests per model, `accuracy`: how often the choice is the cheapest of the best models, and
    `above_mixture`: quality beyond what mixing single models at random reaches at that mean cost,
    null where no mixture costs that. The references are the best single model of the training
    split and a model drawn uniformly.

    Raises:
        DataError: no prompt has a quality and a cost from every model.
    """
    unknown = np.isnan(validation.quality) | np.isnan(validation.cost)
    complete: NDArray[np.bool_] = np.logical_not(unknown.any(axis=1))
    if not complete.any():
        raise DataError(
            "no prompt of the validation split has a quality and a cost from every model; "
            "label more answers or widen the split"
        )
    scores = _Scores(train, validation, complete)
    count = len(validation.models)
    single = np.eye(count)[[train.strongest] * int(complete.sum())]
    return {
        "prompts": int(complete.sum()),
        "dropped_prompts": int((~complete).sum()),
        "references": {
            "best_single": scores.of(single),
            "random_mixture": scores.of(np.full_like(single, 1 / count)),
        },
        "routers": {
            name: {
                f"{router.knob.name}={value:g}": scores.of(
                    _chosen(router, validation, value)[complete]
                )
                for value in router.knob.tried
            }
            for name, router in routers.items()
        },
    }


def _chosen(router: LearnedRouter, data: RouterData, value: float) -> Floats:
    """Chance of each model, (N, M): 1 for the chosen one."""
    options = {router.knob.name: value}
    if router.takes == "texts":
        worth = router.worth_of_texts(data.texts, **options)
    else:
        worth = router.worth(data.embeddings, **options)
    chances: Floats = np.eye(worth.shape[1])[np.argmax(worth, axis=1)]
    return chances


class _Scores:
    def __init__(self, train: RouterData, data: RouterData, rows: NDArray[np.bool_]) -> None:
        self._models = data.models
        self._quality, self._cost = data.quality[rows], data.cost[rows]
        best = best_models(self._quality, train.order)
        self._best = np.eye(len(data.models))[best]
        self._hull = mixture_hull(_mean(self._cost), _mean(self._quality))

    def of(self, chances: Floats) -> dict[str, Any]:
        quality, cost, accuracy = (
            float(_mean(chances * values).sum())
            for values in (self._quality, self._cost, self._best)
        )
        mixed = quality_on_hull(*self._hull, cost)
        return {
            "quality": quality,
            "cost_usd": cost,
            "accuracy": accuracy,
            "above_mixture": None if mixed is None else quality - mixed,
            "share": dict(zip(self._models, chances.mean(axis=0).tolist(), strict=True)),
        }


def _mean(values: Floats) -> Floats:
    """Column means, always summed in the same order, so that a corner of the hull lies on it."""
    mean: Floats = values.mean(axis=0)
    return mean
