"""How the selected latency candidate grows with the runs it learns from."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.params import LatencyParams, TierParams
from pipeline.predictors._curve import SHARES
from pipeline.predictors.latency._fitted import METRICS, Fitted
from pipeline.predictors.latency._rows import TierRows
from pipeline.predictors.latency._scores import interval_of
from pipeline.predictors.latency._train import LatencyCandidates, fit_tiers
from pipeline.rows import LEARNING
from pipeline.statistics import Estimate
from pipeline.streams import unit_hash

__all__ = ["latency_learning"]

Floats = NDArray[np.float64]

_SHOWN = ("mape", "pinball")


def latency_learning(
    candidates: LatencyCandidates,
    tiers: Mapping[str, TierParams],
    params: LatencyParams,
    seed: int,
) -> pl.DataFrame:
    """LEARNING rows of the selected candidate on the test runs, by tier and for all together.

    A share is of the training runs of each tier, whole runs and at least one; smaller shares lie
    in larger ones. Every share is calibrated on the same runs.
    """
    rows: list[dict[str, Any]] = []
    name = candidates.selected
    for share in SHARES:
        some = {
            tier: {**parts, "train": _share(tier, parts["train"], share)}
            for tier, parts in candidates.rows.items()
        }
        whole = share == 1.0
        fitted = candidates.fitted if whole else fit_tiers([name], some, tiers, params, seed)
        trained = {tier: len(parts["train"].runs) for tier, parts in some.items()}
        for dataset, found in _by_tier(fitted[name], some, seed, str(share)).items():
            rows += [
                {
                    "predictor": "latency",
                    "candidate": name,
                    "dataset": dataset,
                    "share": share,
                    "trained_on": trained.get(dataset, sum(trained.values())),
                    "metric": metric,
                    **estimate.as_row(),
                    "label": "simulated",
                }
                for metric, estimate in zip(_SHOWN, found, strict=True)
            ]
    return LEARNING.frame(rows)


def _share(tier: str, rows: TierRows, share: float) -> TierRows:
    runs = sorted(np.unique(rows.runs), key=lambda run: unit_hash(f"{tier} {run}", "learning"))
    kept = runs[: max(1, round(share * len(runs)))]
    return rows.take(np.isin(rows.runs, kept))


def _by_tier(
    fitted: Mapping[str, Fitted], rows: Mapping[str, Mapping[str, TierRows]], seed: int, share: str
) -> dict[str, list[Estimate]]:
    """Estimates of `_SHOWN` on the test runs, both targets together."""
    places = [METRICS.index(metric) for metric in _SHOWN]
    values, runs = {}, {}
    for tier, one in fitted.items():
        test = rows[tier]["test"]
        judged = one.judge(test)[:, :, places]
        values[tier] = judged.reshape(-1, len(places))
        runs[tier] = np.repeat([f"{tier} {run}" for run in test.runs], judged.shape[1])
    values["all"] = np.concatenate(list(values.values()))
    runs["all"] = np.concatenate(list(runs.values()))
    return {
        name: interval_of(values[name], runs[name], seed, "learning", share, name)
        for name in values
    }
