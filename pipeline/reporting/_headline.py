"""The sentences at the top of the page, each with its interval."""

from collections.abc import Iterator

import polars as pl

from pipeline.params import Params
from pipeline.reporting._format import estimate_text
from pipeline.reporting._inputs import ReportInputs

__all__ = ["headline"]


def headline(inputs: ReportInputs, params: Params) -> list[str]:
    """Say what the fused arms gain over the baseline, what the contrasts showed, what routing
    by content is worth here."""
    rates = sorted(params.loadtest.rates)
    rate = rates[len(rates) // 2]
    fused = [name for name, arm in params.loadtest.arms.items() if arm.router == "fused"]
    gains = list(_gains(inputs.tables["differences"], fused, rate, params.frontier.baseline))
    return [*gains, *_verdicts(inputs.tables["ablation"]), _content(inputs)]


def _gains(table: pl.DataFrame, arms: list[str], rate: float, baseline: str) -> Iterator[str]:
    for arm in arms:
        rows = table.filter((pl.col("arm") == arm) & (pl.col("rate") == rate))
        found = {row["metric"]: row for row in rows.iter_rows(named=True)}
        if not {"quality", "e2e_s", "cost_usd"} <= set(found):
            continue
        parts = [f"quality {_difference(found['quality'])}"]
        parts.append(f"mean E2E {_difference(found['e2e_s'])} s")
        parts.append(f"cost {_difference(found['cost_usd'], 1000)} USD per 1000 requests")
        yield f"At {rate:g} requests/s, {arm} minus {baseline}: {', '.join(parts)}."


def _difference(row: dict[str, float | None], scale: float = 1.0) -> str:
    ends = [row[name] for name in ("estimate", "low", "high")]
    estimate, low, high = (None if end is None else scale * end for end in ends)
    return estimate_text(estimate, low, high)


def _verdicts(table: pl.DataFrame) -> Iterator[str]:
    for (name,), rows in table.group_by("contrast", maintain_order=True):
        told = ", ".join(f"{verdict} at {rate:g}/s" for verdict, rate in _by_rate(rows))
        yield f"{str(name).replace('_', ' ').capitalize()}: {told}."


def _by_rate(rows: pl.DataFrame) -> list[tuple[str, float]]:
    return list(rows.sort("rate").select("verdict", "rate").iter_rows())


def _content(inputs: ReportInputs) -> str:
    scores = inputs.metrics["quality"]
    ours, mean = scores["knn_calibrated"], scores["dataset_mean"]
    worth = "adds to" if ours["brier"] < mean["brier"] else "adds nothing to"
    return (
        f"On the test split, k-NN on the prompt {worth} the per-dataset mean: Brier "
        f"{ours['brier']:.3f} against {mean['brier']:.3f}, AUC within prompt "
        f"{ours['auc_within_prompt']:.3f} against {mean['auc_within_prompt']:.3f}."
    )
