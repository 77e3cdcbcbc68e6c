"""The champion and a challenger in simulated load tests, on the same arrivals and prompts."""

from typing import TYPE_CHECKING

import polars as pl

from pipeline.loadtest import cells_of, open_bench, run_grid
from pipeline.params import Params
from pipeline.registry._choose import chosen_folders
from pipeline.registry._gate import Check, judged
from pipeline.registry._versions import CHAMPION, Version
from pipeline.reporting.rows import GAP_UNITS, RunPairs, measured, paired, with_utility
from pipeline.stage import Paths
from pipeline.statistics import claim_pvalue, sign_flip_pvalue
from pipeline.streams import stream

if TYPE_CHECKING:
    from mlflow import MlflowClient

__all__ = ["served_checks"]

_RISING = ("quality", "utility")


def served_checks(
    kind: str, challenger: Version, params: Params, client: "MlflowClient"
) -> tuple[Check, ...]:
    """Check the guards of `register.gate.served`: the challenger may not serve worse by a margin.

    Both sides have the champions of the other predictors, and equal seeds have equal arrivals and
    prompts. Quality and cost are paired by request, times and utility by run.

    Raises:
        ModelError: a version cannot be read, or an earlier stage's file is absent or unusable.
    """
    told = params.register_.gate
    old = _serve(params, client, {})
    new = _serve(params, client, {kind: str(challenger.number)})
    found = []
    for guard in told.served.guards:
        rng = stream(params.base.seed, "registry", "served", kind, guard.metric)
        pairs = paired(new, old, guard.metric)
        gain = pairs if guard.metric in _RISING else pairs.negated()
        estimate = gain.estimate(level=told.level, resamples=told.resamples, rng=rng)

        def test(at: float, side, gain=gain, rng=rng):  # type: ignore[no-untyped-def]
            p_value = gain.p_value(at, side, flips=told.resamples, rng=rng)
            if p_value is None and isinstance(gain, RunPairs):
                # Equal runs have no t; their signs still speak.
                runs = list(range(len(gain.a)))
                p_value = sign_flip_pvalue(
                    gain.a - gain.b, runs, shift=at, alternative=side, flips=told.resamples, rng=rng
                )
            return p_value

        found.append(
            judged(
                guard.metric,
                GAP_UNITS[guard.metric],
                "guard",
                "noninferior",
                guard.margin,
                float(pairs.b.mean()),
                float(pairs.a.mean()),
                estimate,
                claim_pvalue("noninferior", guard.margin, test),
            )
        )
    return tuple(found)


def _serve(params: Params, client: "MlflowClient", own: dict[str, str]) -> pl.DataFrame:
    """Measured rows of the declared cells: the champions serve, but for these versions."""
    served = params.register_.gate.served
    cells = cells_of(params.loadtest, [served.arm], [served.rate], list(served.seeds), ["steady"])
    bench = open_bench(params, chosen_folders(params, client, CHAMPION, own))
    rows = pl.concat(list(run_grid(bench, cells, Paths.KEPT / "loadtest", 1)))
    weights = params.loadtest.weights[params.ablation.utility]
    return with_utility(measured(rows), weights, params.loadtest.scales)
