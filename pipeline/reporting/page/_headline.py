"""The sentences at the top of the page, each number with its interval where it has one."""

from collections.abc import Iterator
from typing import Any

import polars as pl

from pipeline.params import Params
from pipeline.reporting.page._format import estimate_text, number_text
from pipeline.reporting.page._inputs import ReportInputs

__all__ = ["headline"]


_SPOKEN = {"e2e_s": "mean E2E", "quality": "quality", "cost_usd": "cost"}


def headline(inputs: ReportInputs, params: Params) -> list[str]:
    """Say what the fused arms gain over the baseline, what the contrasts showed, what routing
    by content is worth here."""
    rates = sorted(params.loadtest.rates)
    rate = rates[len(rates) // 2]
    fused = [name for name, arm in params.loadtest.arms.items() if arm.router == "fused"]
    gains = list(_gains(inputs.tables["differences"], fused, rate, params.frontier.baseline))
    return [*gains, *_verdicts(inputs.tables["ablation"]), _content(inputs.metrics["quality"])]


def _gains(table: pl.DataFrame, arms: list[str], rate: float, baseline: str) -> Iterator[str]:
    for arm in arms:
        rows = table.filter((pl.col("arm") == arm) & (pl.col("rate") == rate))
        found = {row["metric"]: row for row in rows.iter_rows(named=True)}
        if not {"quality", "e2e_s", "cost_usd"} <= set(found):
            continue
        parts = [f"quality {_with_interval(found['quality'])}"]
        parts.append(f"mean E2E {_with_interval(found['e2e_s'])} s")
        parts.append(f"cost {_with_interval(found['cost_usd'], 1000)} USD per 1000 requests")
        yield f"At {rate:g} requests/s, {arm} minus {baseline}: {', '.join(parts)}."


def _with_interval(row: dict[str, Any], scale: float = 1.0) -> str:
    ends = [row[name] for name in ("estimate", "low", "high")]
    return estimate_text(*(None if end is None else scale * end for end in ends))


def _verdicts(table: pl.DataFrame) -> Iterator[str]:
    for (name,), rows in table.group_by("contrast", maintain_order=True):
        first = rows.row(0, named=True)
        claim = f"{_SPOKEN[first['metric']]} of {first['better']} over {first['worse']}"
        told = "; ".join(
            f"{row['verdict']} at {row['rate']:g}/s, {_with_interval(row)}"
            for row in rows.sort("rate").iter_rows(named=True)
        )
        yield (
            f"{str(name).replace('_', ' ').capitalize()} (improvement in {claim}, "
            f"margin {first['margin']:g} {first['unit']}): {told}."
        )


def _content(scores: dict[str, Any]) -> str:
    """What the prompt's text adds to knowing its data set: points without an interval, so said."""
    ours, mean = scores["knn_calibrated"], scores["dataset_mean"]
    brier, auc = "brier", "auc_within_prompt"
    wins = [ours[brier] < mean[brier]]
    if ours[auc] is not None and mean[auc] is not None:
        wins.append(ours[auc] > mean[auc])
    worth = "is ahead of" if all(wins) else "is not ahead of" if not any(wins) else "splits with"
    return (
        f"On the test split, k-NN on the prompt {worth} the per-dataset mean (points without "
        f"interval): Brier score {number_text(ours[brier])} against {number_text(mean[brier])}, "
        f"AUC within prompt {number_text(ours[auc])} against {number_text(mean[auc])}."
    )
