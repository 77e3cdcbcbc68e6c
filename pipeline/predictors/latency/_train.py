"""Candidates for the latency of every tier: trained, calibrated, and one of them selected."""

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import polars as pl

from pipeline.fleet import limits_of
from pipeline.fleet.steptime import step_time
from pipeline.params import LatencyParams, TierParams, TreesParams
from pipeline.predictors.latency._fitted import METRICS, Fitted
from pipeline.predictors.latency._model import LatencyModel
from pipeline.predictors.latency._rows import TierRows, tier_rows
from pipeline.predictors.learners.latency import (
    Analytic,
    Linear,
    QuantileXgboost,
    Static,
    TierConstant,
    TierLearner,
    Xgboost,
)

__all__ = ["LatencyCandidates", "fit_candidates", "fit_tiers", "train_latency"]

# What other arms serve without training, and what so needs bounds beside the selected one.
_UNTRAINED = ("static", "analytic")

Rows = Mapping[str, Mapping[str, TierRows]]


@dataclass(frozen=True)
class LatencyCandidates:
    """Every candidate on every tier.

    Attributes:
        fitted: by candidate and tier.
        rows: PROFILE rows by tier and part.
        selected: the candidate that serves all tiers.
    """

    fitted: Mapping[str, Mapping[str, Fitted]]
    rows: Rows
    selected: str

    def model(self) -> LatencyModel:
        """The selected candidate, ready to serve."""
        chosen = self.fitted[self.selected]
        bounds = {
            name: {tier: one.bounds for tier, one in self.fitted[name].items()}
            for name in (self.selected, *_UNTRAINED)
        }
        return LatencyModel(
            {tier: one.learner for tier, one in chosen.items()},
            bounds[self.selected],
            {name: bounds[name] for name in _UNTRAINED},
        )


def train_latency(
    profile: pl.DataFrame, tiers: Mapping[str, TierParams], params: LatencyParams, seed: int
) -> LatencyModel:
    """The candidate that `fit_candidates` selects, ready to serve."""
    return fit_candidates(profile, tiers, params, seed).model()


def fit_candidates(
    profile: pl.DataFrame, tiers: Mapping[str, TierParams], params: LatencyParams, seed: int
) -> LatencyCandidates:
    """Train and calibrate every candidate on every tier of PROFILE rows, and select one for all.

    Selected is whoever loses least on the validation runs by `pinball_served`, unless
    `params.learner` names a candidate.

    Raises:
        DataError: a tier has no rows of some part, or too few to calibrate on.
    """
    rows = {tier: tier_rows(profile, tier) for tier in tiers}
    fitted = fit_tiers(params.candidates, rows, tiers, params, seed)
    selected = _least_loss(fitted, rows) if params.learner == "auto" else params.learner
    return LatencyCandidates(fitted, rows, selected)


def fit_tiers(
    names: Sequence[str],
    rows: Rows,
    tiers: Mapping[str, TierParams],
    params: LatencyParams,
    seed: int,
) -> dict[str, dict[str, Fitted]]:
    """Train and calibrate these candidates, by name and tier, on all processors."""

    def fit(name: str, tier: str) -> Fitted:
        learner = _LEARNERS[name](tiers[tier], params, seed)
        return Fitted.fit(learner, rows[tier]["train"], rows[tier]["calibration"], params.level)

    asked = [(name, tier) for name in names for tier in tiers]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        found = list(pool.map(lambda one: fit(*one), asked))
    by_name: dict[str, dict[str, Fitted]] = {name: {} for name in names}
    for (name, tier), one in zip(asked, found, strict=True):
        by_name[name][tier] = one
    return by_name


def _least_loss(fitted: Mapping[str, Mapping[str, Fitted]], rows: Rows) -> str:
    place = METRICS.index("pinball_served")

    def loss(name: str) -> float:
        losses = [one.judge(rows[tier]["validation"]) for tier, one in fitted[name].items()]
        return float(np.nanmean(np.concatenate(losses)[:, :, place]))

    return min(fitted, key=loss)


def _static(tier: TierParams, params: LatencyParams, seed: int) -> TierLearner:
    return Static((tier.static_ttft_ms * 1e-3, tier.static_tpot_ms * 1e-3))


def _linear(tier: TierParams, params: LatencyParams, seed: int) -> TierLearner:
    assert params.linear is not None
    return Linear(params.linear.alpha)


def _trees(kind: type[Xgboost], options: TreesParams | None, seed: int) -> TierLearner:
    assert options is not None
    return kind(options.rounds, options.options(), seed)


_LEARNERS: dict[str, Callable[[TierParams, LatencyParams, int], TierLearner]] = {
    "tier_constant": lambda tier, params, seed: TierConstant(),
    "static": _static,
    "analytic": lambda tier, params, seed: Analytic(step_time(tier), limits_of(tier)),
    "linear": _linear,
    "xgboost": lambda tier, params, seed: _trees(Xgboost, params.xgboost, seed),
    "quantile_xgboost": lambda tier, params, seed: _trees(
        QuantileXgboost, params.quantile_xgboost, seed
    ),
}
