"""Rows about routing with each candidate, beside the best single model and the per-dataset mean."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import DataError
from pipeline.predictors._routing import at_cost, regrets_of, strong_ranks
from pipeline.predictors._rows import score_row
from pipeline.statistics import Estimate, interval_of_draws, joint_intervals
from pipeline.streams import stream

__all__ = ["BEST_SINGLE", "ROUTING_METRICS", "Ladder", "routing_rows"]

Floats = NDArray[np.float64]

LEVEL, RESAMPLES = 0.95, 1000
BEST_SINGLE = "best_single"
ROUTING_METRICS = (
    "regret",
    "quality_at_equal_cost",
    "quality_at_half_cost",
    "gap_closed",
    "apgr",
)
_RATIO = "percentile cluster bootstrap of a ratio"


@dataclass(frozen=True)
class Ladder:
    """M models that compete for n prompts.

    Attributes:
        labels: (n, M) in [0, 1]; NaN unknown.
        group_ids: n clusters.
        cost: (M,) mean cost of a request, any unit.
        known: (M,) mean labels on other prompts: who is the best single model is learned there.
    """

    labels: Floats
    group_ids: list[str]
    cost: Floats
    known: Floats

    @property
    def strong(self) -> int:
        """The best single model, the cheaper one among equals."""
        order = np.argsort(self.cost, kind="stable")
        return int(order[np.argmax(self.known[order])])

    @property
    def weak(self) -> int:
        """The cheapest other model."""
        order = np.argsort(self.cost, kind="stable")
        return int(next(model for model in order if model != self.strong))

    @property
    def half(self) -> float:
        """A budget half-way from the cheapest model to the best single one."""
        return 0.5 * float(self.cost.min() + self.cost[self.strong])


def routing_rows(
    candidates: Mapping[str, Floats],
    ladder: Ladder,
    *,
    split: str,
    label: str,
    seed: int,
    reference: str = "dataset_mean",
    neighbours: str = "knn",
) -> list[dict[str, Any]]:
    """SCORES rows of every candidate, all from the same resampled clusters of prompts.

    * regret: best label of a prompt less the label of the model predicted best, cost ignored;
    * quality_at_equal_cost: mean label at the mean cost of the best single model;
    * quality_at_half_cost: the same half-way from the cheapest model to that cost, where
      `versus` best_single is the mixture of the two at random that costs as much;
    * gap_closed: share of the gap from the best single model to the query oracle of equal cost;
    * apgr: area under the gap recovered from the cheapest to the best single model, random .5.

    `versus` rows subtract the best single model, `reference` (whose candidate has to be there) and
    `neighbours`, prompt by prompt.

    Args:
        candidates: predicted quality (n, M) by name.
        ladder: labels and costs.
        split, label: as in SCORES.
        seed: of the resamples.
        reference, neighbours: names of candidates.

    Raises:
        DataError: no prompt has a label of every model.
    """
    whole = ~np.isnan(ladder.labels).any(axis=1)
    if not whole.any():
        raise DataError("no prompt has a quality label of every model, so no routing can be judged")
    labels, cost = ladder.labels[whole], ladder.cost
    predicted = {name: values[whole] for name, values in candidates.items()}
    columns = _columns(predicted, labels, cost, ladder)
    names = list(columns)
    groups = np.array(ladder.group_ids)[whole]
    means, found = joint_intervals(
        np.column_stack(list(columns.values())),
        groups,
        level=LEVEL,
        resamples=RESAMPLES,
        rng=stream(seed, "routing scores", split),
    )
    missing = int((~whole).sum())
    place = {key: number for number, key in enumerate(names)}

    def ratio(above: tuple[str, str, str], below: tuple[str, str, str]) -> Estimate:
        top, bottom = place[above], place[below]
        with np.errstate(divide="ignore", invalid="ignore"):
            points = means.points[top] / means.points[bottom]
            draws = means.draws[:, top] / means.draws[:, bottom]
        usable = means.draws[:, bottom] > 0
        return interval_of_draws(
            float(points) if means.points[bottom] > 0 else None,
            np.where(usable, draws, np.nan),
            level=LEVEL,
            method=_RATIO,
            n=int(means.n[top]),
            clusters=int(means.clusters[top]),
        )

    rows = []
    for name in predicted:
        told = [(key[1], key[2], found[place[key]]) for key in names if key[0] == name]
        told = [(metric, versus, one) for metric, versus, one in told if not metric.startswith("_")]
        gap = ("", "_gap", "none")
        closed = (name, "quality_at_equal_cost", BEST_SINGLE)
        told.append(("gap_closed", "none", ratio(closed, gap)))
        told.append(("apgr", "none", ratio((name, "_recovered", "none"), ("", "_gain", "none"))))
        for other in (reference, neighbours):
            if (name, "_recovered", other) in place:
                difference = ratio((name, "_recovered", other), ("", "_gain", "none"))
                told.append(("apgr", other, difference))
        for metric, versus, one in told:
            counted = Estimate(**{**one.as_row(), "missing": missing})  # type: ignore[arg-type]
            extra = {"split": split, "label": label, "versus": versus}
            rows.append(score_row("quality", name, metric, counted, **extra))
    return rows


def _columns(
    predicted: Mapping[str, Floats], labels: Floats, cost: Floats, ladder: Ladder
) -> dict[tuple[str, str, str], Floats]:
    """Numbers per prompt by candidate, metric and what is subtracted."""
    strong, weak, n = ladder.strong, ladder.weak, len(labels)
    gain = labels[:, strong] - labels[:, weak]
    # The mixture of the cheapest and the best single model that spends half the difference.
    cheapest = int(np.argmin(cost))
    budgets = {
        "quality_at_equal_cost": (float(cost[strong]), labels[:, strong]),
        "quality_at_half_cost": (ladder.half, 0.5 * (labels[:, strong] + labels[:, cheapest])),
    }
    oracle = at_cost(labels, labels, cost, float(cost[strong]))
    columns: dict[tuple[str, str, str], Floats] = {
        ("", "_gain", "none"): gain,
        ("", "_gap", "none"): oracle - labels[:, strong],
    }
    values: dict[str, dict[str, Floats]] = {}
    for name, told in predicted.items():
        values[name] = {
            "regret": regrets_of(told, labels, cost),
            "_recovered": strong_ranks(told, weak, strong) * gain,
            **{
                metric: at_cost(told, labels, cost, budget)
                for metric, (budget, _) in budgets.items()
            },
        }
    best_regret = labels.max(axis=1) - labels[:, strong]
    for name, own in values.items():
        for metric, column in own.items():
            columns[name, metric, "none"] = column
            single = best_regret if metric == "regret" else budgets.get(metric, (0, None))[1]
            if single is not None:
                columns[name, metric, BEST_SINGLE] = column - single
            for other in predicted:
                if other != name and other in ("dataset_mean", "knn"):
                    columns[name, metric, other] = column - values[other][metric]
    assert all(len(column) == n for column in columns.values())
    return columns
