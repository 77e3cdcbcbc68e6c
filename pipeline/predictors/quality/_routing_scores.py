"""Rows about routing with each candidate, beside the best single model and the per-dataset mean."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import DataError
from pipeline.predictors._rows import score_row
from pipeline.predictors.quality._routing import at_cost, regrets_of, strong_ranks
from pipeline.statistics import Estimate, JointMeans, interval_of_draws, joint_intervals
from pipeline.streams import stream

__all__ = ["BEST_SINGLE", "LEVEL", "RESAMPLES", "Ladder", "routing_rows"]

Floats = NDArray[np.float64]
_Key = tuple[str, str, str]  # candidate, metric, what is subtracted

LEVEL, RESAMPLES = 0.95, 1000
BEST_SINGLE = "best_single"
REFERENCES = ("dataset_mean", "knn")  # candidates that the others are compared with
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

    def whole(self) -> "Ladder":
        """The prompts of which every model has a label.

        Raises:
            DataError: there are none.
        """
        kept = ~np.isnan(self.labels).any(axis=1)
        if not kept.any():
            raise DataError("no prompt has a quality label of every model to judge routing by")
        groups = np.array(self.group_ids)[kept].tolist()
        return replace(self, labels=self.labels[kept], group_ids=groups)


def routing_rows(
    candidates: Mapping[str, Floats], ladder: Ladder, *, split: str, label: str, seed: int
) -> list[dict[str, Any]]:
    """SCORES rows of every candidate, all from the same resampled clusters of prompts.

    * regret: best label of a prompt less the label of the model predicted best, cost ignored;
    * quality_at_equal_cost: mean label at the mean cost of the best single model;
    * quality_at_half_cost: the same half-way from the cheapest model to that cost, where
      `versus` best_single is the mixture of the two at random that costs as much;
    * gap_closed: share of the gap from the best single model to the query oracle of equal cost;
    * apgr: area under the gap recovered from the cheapest to the best single model, random .5.

    `versus` rows subtract the best single model and each of `REFERENCES` that competes, prompt by
    prompt. Prompts without a label of every model are counted as missing.

    Args:
        candidates: predicted quality (n, M) by name.
        ladder: labels and costs.
        split, label: as in SCORES.
        seed: of the resamples.

    Raises:
        DataError: no prompt has a label of every model.
    """
    judged = ladder.whole()
    kept = ~np.isnan(ladder.labels).any(axis=1)
    own = {name: _columns(told[kept], judged) for name, told in candidates.items()}
    columns = _compared(own, judged)
    means, found = joint_intervals(
        np.column_stack(list(columns.values())),
        judged.group_ids,
        level=LEVEL,
        resamples=RESAMPLES,
        rng=stream(seed, "routing scores", split),
    )
    missing, shared = int((~kept).sum()), {"split": split, "label": label}
    return [
        score_row("quality", name, metric, replace(told, missing=missing), versus=versus, **shared)
        for name, metric, versus, told in _told(list(columns), means, found)
    ]


def _compared(own: Mapping[str, dict[str, Floats]], judged: Ladder) -> dict[_Key, Floats]:
    """Every candidate's columns, alone and less those of what it is compared with."""
    single = _single(judged)
    columns: dict[_Key, Floats] = {("", name, "none"): c for name, c in _shared(judged).items()}
    for name, values in own.items():
        columns |= {(name, metric, "none"): column for metric, column in values.items()}
        others = {BEST_SINGLE: single} | {o: own[o] for o in REFERENCES if o in own and o != name}
        for other, theirs in others.items():
            columns |= {
                (name, metric, other): column - theirs[metric]
                for metric, column in values.items()
                if metric in theirs
            }
    return columns


def _told(
    keys: list[_Key], means: JointMeans, found: list[Estimate]
) -> Iterator[tuple[str, str, str, Estimate]]:
    """Candidate, metric, versus and estimate of every row: means as they are, and two ratios."""
    gain, gap = keys.index(("", "_gain", "none")), keys.index(("", "_gap", "none"))
    for number, (name, metric, versus) in enumerate(keys):
        if not name:
            continue
        if metric == "_recovered":
            yield name, "apgr", versus, _ratio(means, number, gain)
        else:
            yield name, metric, versus, found[number]
        if metric == "quality_at_equal_cost" and versus == BEST_SINGLE:
            yield name, "gap_closed", "none", _ratio(means, number, gap)


def _columns(predicted: Floats, ladder: Ladder) -> dict[str, Floats]:
    """What routing with one candidate gives each prompt."""
    labels, cost, strong = ladder.labels, ladder.cost, ladder.strong
    gain = labels[:, strong] - labels[:, ladder.weak]
    half = 0.5 * float(cost.min() + cost[strong])
    return {
        "regret": regrets_of(predicted, labels, cost),
        "quality_at_equal_cost": at_cost(predicted, labels, cost, float(cost[strong])),
        "quality_at_half_cost": at_cost(predicted, labels, cost, half),
        "_recovered": strong_ranks(predicted, ladder.weak, strong) * gain,
    }


def _single(ladder: Ladder) -> dict[str, Floats]:
    """What always asking the best single model gives; at half cost, mixed with the cheapest."""
    labels = ladder.labels
    strong, cheapest = labels[:, ladder.strong], labels[:, int(np.argmin(ladder.cost))]
    return {
        "regret": labels.max(axis=1) - strong,
        "quality_at_equal_cost": strong,
        "quality_at_half_cost": 0.5 * (strong + cheapest),
    }


def _shared(ladder: Ladder) -> dict[str, Floats]:
    """What ratios are taken to: the gain of the best single model, and what the oracle adds."""
    labels, cost, strong = ladder.labels, ladder.cost, ladder.strong
    oracle = at_cost(labels, labels, cost, float(cost[strong]))
    return {
        "_gain": labels[:, strong] - labels[:, ladder.weak],
        "_gap": oracle - labels[:, strong],
    }


def _ratio(means: JointMeans, above: int, below: int) -> Estimate:
    """Ratio of two means; undefined where the one below is not above 0."""
    bottom = means.draws[:, below]
    draws = np.divide(
        means.draws[:, above], bottom, out=np.full(len(bottom), np.nan), where=bottom > 0
    )
    usable = means.points[below] > 0
    return interval_of_draws(
        float(means.points[above] / means.points[below]) if usable else None,
        draws,
        level=LEVEL,
        method=_RATIO,
        n=int(means.n[above]),
        clusters=int(means.clusters[above]),
    )
