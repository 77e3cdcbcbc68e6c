"""The learned routers by name, and how all of them are trained."""

import numpy as np

from pipeline.errors import DataError
from pipeline.params import RoutersParams
from pipeline.scheduling.baselines._avengers_pro import AvengersPro
from pipeline.scheduling.baselines._base import LearnedRouter, RouterData
from pipeline.scheduling.baselines._best_route import BestRoute
from pipeline.scheduling.baselines._route_llm import RouteLlm
from pipeline.streams import stream

__all__ = ["ROUTERS", "fit_routers"]

ROUTERS: dict[str, type[LearnedRouter]] = {
    router.name: router for router in (AvengersPro, BestRoute, RouteLlm)
}


def fit_routers(
    params: RoutersParams, train: RouterData, validation: RouterData, seed: int
) -> dict[str, LearnedRouter]:
    """Train every router of `ROUTERS`, each with its section of `params` and its own stream.

    Raises:
        DataError: a model has no quality or no cost on any training prompt.
    """
    for column, model in enumerate(train.models):
        for what, values in (("quality", train.quality), ("cost", train.cost)):
            if np.isnan(values[:, column]).all():
                raise DataError(
                    f"model {model!r} has no known {what} on the training split, so no router can "
                    "be trained; label it, or leave it out of base.fleet"
                )
    return {
        name: kind.fit(
            train,
            validation,
            getattr(params, name),
            int(stream(seed, "routers", name).integers(2**31)),
        )
        for name, kind in ROUTERS.items()
    }
