"""The table of the latency candidates: every metric, by slice, with intervals over runs."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.predictors._features import TARGETS
from pipeline.predictors._rows import score_row, scores_frame
from pipeline.predictors.latency._fitted import METRICS
from pipeline.predictors.latency._rows import LOADS, TierRows
from pipeline.predictors.latency._train import LatencyCandidates
from pipeline.statistics import Estimate, mean_intervals
from pipeline.streams import stream

__all__ = ["interval_of", "latency_scores", "latency_summary"]

Floats = NDArray[np.float64]
Column = tuple[str, str, str]  # candidate, metric and who is subtracted

_LEVEL, _RESAMPLES = 0.95, 1000
_PAIRED = ("pinball", "pinball_served")
_AGAINST = ("tier_constant", "analytic")


def latency_scores(candidates: LatencyCandidates, seed: int) -> pl.DataFrame:
    """SCORES rows of every candidate on the validation and test runs.

    Metrics, with their units, are those of `Fitted.judge`. Slices are all, tier, target (also
    within a tier, as "tier ttft_s") and load (thirds of a tier's offered rates). `versus` rows
    subtract the loss of another candidate on the same requests. Intervals are 95 % over runs, the
    independent unit.
    """
    columns = list(_columns(list(candidates.fitted)))
    rows: list[dict[str, Any]] = []
    for split in ("validation", "test"):
        requests, values = _judged(candidates, split, columns)
        for kind, name, chosen in _slices(requests):
            found = interval_of(
                values[chosen], requests["run"].to_numpy()[chosen], seed, split, kind, name
            )
            rows += [
                score_row(
                    "latency",
                    candidate,
                    metric,
                    estimate,
                    split=split,
                    label="simulated",
                    slice_kind=kind,
                    slice_name=name,
                    versus=versus,
                )
                for (candidate, metric, versus), estimate in zip(columns, found, strict=True)
            ]
    return scores_frame(rows, candidates.selected)


def latency_summary(scores: pl.DataFrame) -> dict[str, Any]:
    """What the selected candidate does on the test runs, by "tier.target", for a metrics file.

    Beside its MAPE that of the references, as shares; coverage with its interval.
    """
    chosen = scores.filter(split="test", slice_kind="target", versus="none").filter(
        pl.col("slice").is_in(TARGETS).not_()
    )
    told: dict[str, Any] = {"selected": scores.filter("selected")["candidate"][0]}
    for row in chosen.sort("slice").iter_rows(named=True):
        entry = told.setdefault(row["slice"].replace(" ", "."), {})
        if row["selected"]:
            entry["n"] = row["n"]
            entry[row["metric"]] = row["estimate"]
        elif row["metric"] == "mape":
            entry[f"mape_{row['candidate']}"] = row["estimate"]
        if row["selected"] and row["metric"] == "coverage":
            entry |= {"coverage_low": row["low"], "coverage_high": row["high"]}
    return told


def interval_of(values: Floats, runs: NDArray[np.str_], seed: int, *purpose: str) -> list[Estimate]:
    """Means of columns (n, m) with intervals over runs (n,), from resamples of this purpose."""
    rng = stream(seed, "latency scores", *purpose)
    return mean_intervals(values, runs, level=_LEVEL, resamples=_RESAMPLES, rng=rng)


def _columns(names: list[str]) -> Iterator[Column]:
    for name in names:
        for metric in METRICS:
            yield name, metric, "none"
        for metric in _PAIRED:
            for versus in _AGAINST:
                if versus != name:
                    yield name, metric, versus


def _judged(
    candidates: LatencyCandidates, split: str, columns: Sequence[Column]
) -> tuple[pl.DataFrame, Floats]:
    """Every known target of every request, n rows, and the value of each column, (n, m)."""
    requests, values = [], []
    for tier, parts in candidates.rows.items():
        rows = parts[split]
        told = {name: by_tier[tier].judge(rows) for name, by_tier in candidates.fitted.items()}
        for place in range(len(TARGETS)):
            known = ~np.isnan(rows.seconds[:, place])
            requests.append(_requests(tier, rows.take(known), place))
            values.append(
                np.stack([_column(told, place, column)[known] for column in columns], axis=1)
            )
    return pl.concat(requests), np.concatenate(values)


def _requests(tier: str, rows: TierRows, place: int) -> pl.DataFrame:
    """Tier, target, load and run of requests; a run belongs to one tier."""
    return pl.DataFrame(
        {
            "tier": [tier] * len(rows.runs),
            "target": [TARGETS[place]] * len(rows.runs),
            "load": rows.loads,
            "run": [f"{tier} {run}" for run in rows.runs],
        }
    )


def _column(told: dict[str, Floats], place: int, column: Column) -> Floats:
    candidate, metric, versus = column
    at = METRICS.index(metric)
    values: Floats = told[candidate][:, place, at]
    return values if versus == "none" else values - told[versus][:, place, at]


def _slices(requests: pl.DataFrame) -> Iterator[tuple[str, str, NDArray[np.bool_]]]:
    """Kind, name and mask of every slice that has rows."""
    tiers, targets, loads = (requests[name].to_numpy() for name in ("tier", "target", "load"))
    yield "all", "all", np.ones(requests.height, dtype=bool)
    for load in LOADS:
        if (loads == load).any():
            yield "load", load, loads == load
    for target in TARGETS:
        yield "target", target, targets == target
    for tier in requests["tier"].unique(maintain_order=True):
        yield "tier", tier, tiers == tier
        for target in TARGETS:
            yield "target", f"{tier} {target}", (tiers == tier) & (targets == target)
