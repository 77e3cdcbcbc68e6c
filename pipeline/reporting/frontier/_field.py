"""Metrics of the field for each system: its operating points as one curve."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import polars as pl

from pipeline.params import FrontierParams
from pipeline.reporting.frontier._aligned import Floats
from pipeline.reporting.frontier._choice import Choice, Tuning
from pipeline.reporting.frontier._draws import JointPoints
from pipeline.reporting.frontier._routerarena import routerarena_of
from pipeline.reporting.frontier._scores import (
    SCORE_COLUMNS,
    Part,
    Score,
    described,
    refused,
    score,
)
from pipeline.statistics import (
    Estimate,
    aiq,
    apgr,
    audc,
    cost_at_quality,
    cost_save,
    cpt,
    perf_gain,
    qnc,
    quality_at_cost,
)

__all__ = ["FIELD_SCHEMA", "field_rows"]

FIELD_SCHEMA: dict[str, Any] = {"rate": pl.Float64, "system": pl.String, **SCORE_COLUMNS}

_CURVE = ("cost_usd", "quality")
_DEFERRED = ("strong_share", "quality")
_ONE_POINT = "one operating point, a curve needs two"
_CHOICE = "Of the arm with the best score on the validation split."


@dataclass(frozen=True)
class _Metric:
    """How a metric is computed: from which columns of the system's arms, and what else.

    Attributes:
        own: columns of the arms of the system.
        others: columns of all models, or of the oracle.
        function: of one array per column.
        points: how many operating points it needs.
        name, more: what is declared with it, in its name and definition.
    """

    metric: str
    own: tuple[str, ...]
    others: tuple[str, ...]
    function: Score
    points: int = 1
    name: str = ""
    more: str = ""


def field_rows(
    joint: JointPoints, tuning: Tuning, frontier: FrontierParams
) -> Iterator[dict[str, Any]]:
    """Yield every metric of FIELD_METRICS that is about a system, with its definition.

    What a router is measured against (single models, their random mixture, the oracle) are the
    labels of the very prompts that were served, in the same resamples. Strong and weak are the
    models of the best quality and of the least cost on validation; with more than two models a
    request that is not sent to the strong one may go to any other. A metric of a curve is not
    given for a system with one operating point.

    Args:
        joint: all arms of one rate.
        tuning: what the arms did on validation.
        frontier: systems, bounds, iso values and level.
    """
    metrics = _metrics(joint.strong, joint.weak, frontier)
    for system, arms in frontier.systems.items():
        own = joint.of(arms, _CURVE)
        if not own:
            continue
        shared = {"rate": joint.rate, "system": system}
        shared["label"] = joint.requests.label(tuple(joint.arms[i] for i in own))
        for one in metrics:
            told = described(one.metric, one.name, one.more)
            yield shared | told | _estimate(joint, one, own, frontier.level).as_row()
        choice = tuning.choose(arms, "routerarena", joint.rate)
        found = _of_choice(joint, choice, frontier.level).as_row()
        yield shared | described("routerarena", "", _CHOICE) | found


def _metrics(strong: int, weak: int, frontier: FrontierParams) -> list[_Metric]:
    low, high = frontier.bounds.cost_usd.best, frontier.bounds.cost_usd.worst
    models = ("model_quality",)
    both = ("model_cost", "model_quality")
    return [
        _Metric(
            "aiq",
            _CURVE,
            (),
            partial(aiq, low=low, high=high),
            2,
            more=f"Range here: {low:g} to {high:g} USD per request.",
        ),
        _Metric("apgr", _DEFERRED, models, _deferred(apgr, weak, strong), 2),
        *(
            _Metric(
                f"cpt_{level}",
                _DEFERRED,
                models,
                _deferred(partial(cpt, reached=level / 100), weak, strong),
                2,
            )
            for level in (20, 50, 80)
        ),
        _Metric("qnc", _CURVE, both, _against(qnc, strong, "strong")),
        _Metric("audc", _CURVE, (*both, "oracle_cost", "oracle_quality"), _audc, 2),
        _Metric("perf_gain", ("quality",), models, lambda q, m: perf_gain(q, m[strong])),
        _Metric("cost_save", _CURVE, both, _against(cost_save, strong, "best")),
        *(
            _iso("quality_at_cost", quality_at_cost, at, "USD per request")
            for at in frontier.iso_cost_usd
        ),
        *(_iso("cost_at_quality", cost_at_quality, at, "quality") for at in frontier.iso_quality),
    ]


def _deferred(function: Score, weak: int, strong: int) -> Score:
    def of(share: Floats, quality: Floats, models: Floats) -> float | None:
        return function(share, quality, weak=float(models[weak]), strong=float(models[strong]))

    return of


def _against(function: Score, model: int, word: str) -> Score:
    def of(cost: Floats, quality: Floats, costs: Floats, qualities: Floats) -> float | None:
        ends = {f"{word}_cost": float(costs[model]), f"{word}_quality": float(qualities[model])}
        return function(cost, quality, **ends)

    return of


def _audc(
    cost: Floats,
    quality: Floats,
    model_cost: Floats,
    model_quality: Floats,
    oracle_cost: Floats,
    oracle_quality: Floats,
) -> float | None:
    return audc(
        cost,
        quality,
        model_cost=model_cost,
        model_quality=model_quality,
        oracle_cost=oracle_cost,
        oracle_quality=oracle_quality,
    )


def _iso(metric: str, function: Score, at: float, unit: str) -> _Metric:
    return _Metric(
        metric,
        _CURVE,
        (),
        partial(function, at=at),
        name=f"{metric}_{at:g}",
        more=f"Declared here: {at:g} {unit}.",
    )


def _estimate(joint: JointPoints, one: _Metric, own: list[int], level: float) -> Estimate:
    if len(own) < one.points:
        return _refused(joint, _ONE_POINT, level)
    parts: list[Part] = [(name, own) for name in one.own]
    parts += [(name, None) for name in one.others]
    return score(joint, one.function, parts, level)


def _of_choice(joint: JointPoints, choice: Choice, level: float) -> Estimate:
    if choice.arm is None:
        return _refused(joint, choice.reason, level)
    own = joint.of((choice.arm,), _CURVE)
    if not own:
        return _refused(joint, "the chosen arm has no quality or no cost here", level)
    parts: list[Part] = [("quality", own), ("cost_usd", own)]
    return score(joint, routerarena_of, parts, level)


def _refused(joint: JointPoints, reason: str, level: float) -> Estimate:
    return refused(reason, level, joint.n, joint.clusters)
