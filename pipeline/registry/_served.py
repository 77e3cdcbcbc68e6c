"""The champion and a challenger in simulated load tests, on the same arrivals and prompts."""

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from pipeline.loadtest import cells_of, open_bench, run_grid
from pipeline.params import STEADY, Params, PromotionParams
from pipeline.registry._choose import chosen_folders
from pipeline.registry._gate import Check, judged
from pipeline.registry._versions import CHAMPION, Version
from pipeline.reporting.rows import (
    GAP_UNITS,
    PromptPairs,
    RunPairs,
    measured,
    paired,
    with_utility,
)
from pipeline.stage import Paths
from pipeline.statistics import Alternative, claim_pvalue, sign_flip_pvalue
from pipeline.streams import stream

if TYPE_CHECKING:
    from mlflow import MlflowClient

__all__ = ["check_served", "served_checks"]

_RISING = ("quality", "utility")


def served_checks(
    kind: str, challenger: Version, params: Params, client: "MlflowClient"
) -> tuple[Check, ...]:
    """Simulate the cells of `register.gate.served` with both, and check its guards.

    Both sides have the champions of the other predictors.

    Raises:
        ModelError: a version cannot be read, or an earlier stage's file is absent or unusable.
    """
    old = _serve(params, client, {})
    new = _serve(params, client, {kind: str(challenger.number)})
    rng = stream(params.base.seed, "registry", "served", kind)
    return check_served(old, new, params.register_.gate, rng)


def check_served(
    champion: pl.DataFrame,
    challenger: pl.DataFrame,
    gate: PromotionParams,
    rng: np.random.Generator,
) -> tuple[Check, ...]:
    """Check that the challenger serves no worse than the champion by any margin.

    Quality and cost are paired by request, times and utility by run: equal seeds have equal
    arrivals and prompts.

    Args:
        champion, challenger: rows of `measured` with utility, one arm, traffic and rate.
        gate: guards, level and resamples.
        rng: of the bootstrap and the sign flips.
    """
    found = []
    for guard in gate.served.guards:
        pairs = paired(challenger, champion, guard.metric)
        gain = pairs if guard.metric in _RISING else pairs.negated()
        estimate = gain.estimate(level=gate.level, resamples=gate.resamples, rng=rng)

        def test(at: float, side: Alternative, gain: PromptPairs | RunPairs = gain) -> float | None:
            return _p_value(gain, at, side, gate.resamples, rng)

        found.append(
            judged(
                guard.metric,
                GAP_UNITS[guard.metric],
                "guard",
                "noninferior",
                guard.margin,
                _mean(pairs.b),
                _mean(pairs.a),
                estimate,
                claim_pvalue("noninferior", guard.margin, test),
            )
        )
    return tuple(found)


def _p_value(
    gain: PromptPairs | RunPairs,
    at: float,
    side: Alternative,
    flips: int,
    rng: np.random.Generator,
) -> float | None:
    """That of the pairs; where all runs differ alike there is no t, and their signs still speak."""
    p_value = gain.p_value(at, side, flips=flips, rng=rng)
    if p_value is not None or not isinstance(gain, RunPairs) or gain.refused is not None:
        return p_value
    each = np.arange(len(gain.a))
    return sign_flip_pvalue(gain.a - gain.b, each, shift=at, alternative=side, flips=flips, rng=rng)


def _mean(values: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> float | None:
    return float(values.mean()) if values.size else None


def _serve(params: Params, client: "MlflowClient", own: dict[str, str]) -> pl.DataFrame:
    """Measured rows of the declared cells: the champions serve, but for these versions."""
    served = params.register_.gate.served
    cells = cells_of(params.loadtest, [served.arm], [served.rate], list(served.seeds), [STEADY])
    bench = open_bench(params, chosen_folders(params, client, CHAMPION, own))
    rows = pl.concat(list(run_grid(bench, cells, Paths.KEPT / "loadtest", 1)))
    weights = params.loadtest.weights[params.ablation.utility]
    return with_utility(measured(rows), weights, params.loadtest.scales)
