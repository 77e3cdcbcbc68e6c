"""The tables of the stage: contrasts with verdicts, the placebo, and an answer per family."""

import polars as pl

from pipeline.params import STEADY, Params
from pipeline.reporting.ablation._answers import ANSWER_SCHEMA, answer_rows
from pipeline.reporting.ablation._contrasts import CONTRAST_SCHEMA, measured_contrasts
from pipeline.reporting.ablation._placebo import PLACEBO_SCHEMA, floors, placebo_rows
from pipeline.reporting.ablation._verdicts import judge
from pipeline.reporting.rows import measured, with_utility

__all__ = ["ablation_tables"]


def ablation_tables(requests: pl.DataFrame, params: Params) -> dict[str, pl.DataFrame]:
    """Return the tables contrasts, placebo and answers.

    contrasts: one row per declared contrast and rate of its traffic. An improvement is positive
    where `better` is better, in `unit`; see `improvement` for the tests and `judge` for the rule.
    `floor` is what two equal arms differ by in that traffic, at that rate, in that metric; null
    where no placebo ran. placebo: see `placebo_rows`. answers: see `answer_rows`.

    Args:
        requests: REQUESTS rows; only measured ones count.
        params: of all stages: the rule, the rates of each traffic, weights and scales.

    Raises:
        UnknownNameError: a contrast names an arm without measured rows in its traffic.
    """
    ablation, seed = params.ablation, params.base.seed
    views = _views(requests, params)
    found = judge(measured_contrasts(views, params.loadtest, ablation, seed=seed), ablation)
    placebo = placebo_rows(views, ablation, seed=seed)
    floor = floors(placebo)
    for row in found:
        row["floor"] = floor.get((row["traffic"], row["rate"], row["metric"]))
    return {
        "contrasts": pl.DataFrame(found, schema=CONTRAST_SCHEMA, orient="row"),
        "placebo": pl.DataFrame(placebo, schema=PLACEBO_SCHEMA, orient="row"),
        "answers": pl.DataFrame(answer_rows(found, ablation), schema=ANSWER_SCHEMA, orient="row"),
    }


def _views(requests: pl.DataFrame, params: Params) -> dict[str, pl.DataFrame]:
    """Measured rows with utility of the steady traffic and of those that contrasts are about."""
    weights = params.loadtest.weights[params.ablation.utility]
    named = {STEADY} | {contrast.traffic for contrast in params.ablation.contrasts.values()}
    return {
        traffic: with_utility(measured(requests, traffic), weights, params.loadtest.scales)
        for traffic in sorted(named)
    }
