"""What the predictors promise, against what the test split shows."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import polars as pl

from pipeline.reporting.predictors._rows import WHOLE, judged, selected_name
from pipeline.statistics import Estimate, share_interval

__all__ = ["promise_sentences", "promise_table"]

_MOST_ECE = 0.03
_SLACK = 0.02  # bounds of 90 % keep their promise from 88 to 92 %
_CUT_BY = {"length": "model", "latency": "target"}

KEPT, MISSED, BY_CHANCE = "kept", "missed", "missed, within chance"


def promise_table(scores: pl.DataFrame, levels: Mapping[str, float]) -> pl.DataFrame:
    """Return one row per promise of the candidates that serve, on the test split.

    Quality promises an ECE of at most 0.03, over all models and for each: errors of models can
    cancel in the whole, and it is between models that routing chooses. The bounds of length (per
    model) and latency (per tier and target) promise to hold as often as their level says, give or
    take 0.02. Missed: the number is outside; within chance: its interval is not.

    A coverage whose values are all independent has the exact interval of Clopper and Pearson;
    where they share groups or runs it keeps the interval of its row, which knows of them.

    Args:
        scores: SCORES rows of every predictor.
        levels: predictor to the coverage that its bounds promise.
    """
    rows = [*_ece(scores)]
    for predictor, kind in _CUT_BY.items():
        if predictor in levels:
            rows += _coverage(scores, predictor, kind, levels[predictor])
    return pl.DataFrame(rows, schema=_SCHEMA, orient="row")


def promise_sentences(promises: pl.DataFrame) -> list[str]:
    """Return one sentence per kind of promise: what was promised, who kept it, who did not."""
    told = []
    for _, part in promises.group_by("predictor", "promise", maintain_order=True):
        rows = list(part.iter_rows(named=True))
        told.append(_ece_sentence(rows) if rows[0]["promise"] == "ECE" else _sentence(rows))
    return told


def _ece(scores: pl.DataFrame) -> Iterator[dict[str, Any]]:
    rows = judged(scores, "quality").filter(
        pl.col("slice_kind").is_in([WHOLE, "model"])
        & (pl.col("metric") == "ece")
        & (pl.col("candidate") == selected_name(scores, "quality"))
    )
    whole_first = pl.col("slice_kind") != WHOLE
    for row in rows.drop_nulls("estimate").sort(whole_first, "slice").iter_rows(named=True):
        yield _row("quality", "ECE", row["slice"], None, 0.0, _MOST_ECE, _estimate(row))


def _coverage(
    scores: pl.DataFrame, predictor: str, kind: str, level: float
) -> Iterator[dict[str, Any]]:
    rows = judged(scores, predictor).filter(
        (pl.col("slice_kind") == kind)
        & ((kind != "target") | pl.col("slice").str.contains(" "))  # a target of one tier
        & (pl.col("metric") == "coverage")
        & (pl.col("candidate") == selected_name(scores, predictor))
    )
    least, most = round(level - _SLACK, 6), round(min(1.0, level + _SLACK), 6)
    for row in rows.drop_nulls("estimate").sort("slice").iter_rows(named=True):
        yield _row(predictor, "coverage", row["slice"], level, least, most, _exact(row))


def _exact(row: Mapping[str, Any]) -> Estimate:
    if row["clusters"] != row["n"] or not row["n"]:
        return _estimate(row)
    return share_interval(round(row["estimate"] * row["n"]), row["n"], row["level"])


def _estimate(row: Mapping[str, Any]) -> Estimate:
    return Estimate(**{name: row[name] for name in Estimate.__dataclass_fields__})


def _row(
    predictor: str,
    promise: str,
    slice_: str,
    level: float | None,
    least: float,
    most: float,
    found: Estimate,
) -> dict[str, Any]:
    return {
        "predictor": predictor,
        "promise": promise,
        "of": slice_,
        "promised": level,
        "at least": least,
        "at most": most,
        **{name: getattr(found, name) for name in ("estimate", "low", "high")},
        "outcome": _outcome(found, least, most),
        **{name: getattr(found, name) for name in ("level", "method", "n", "clusters")},
    }


def _outcome(found: Estimate, least: float, most: float) -> str:
    assert found.estimate is not None
    if least <= found.estimate <= most:
        return KEPT
    if found.low is None or found.high is None:
        return MISSED
    return MISSED if found.high < least or found.low > most else BY_CHANCE


def _ece_sentence(rows: list[dict[str, Any]]) -> str:
    most = (
        f"ECE of predicted quality, less what noise adds, against at most {rows[0]['at most']:g}:"
    )
    parts = [_whole_ece(row) for row in rows if row["of"] == WHOLE]
    models = [row for row in rows if row["of"] != WHOLE]
    if models:
        parts.append(_count(models, "models", lambda row: f"{row['estimate']:.3f}"))
    return f"{most} {'; '.join(parts)}."


def _whole_ece(row: Mapping[str, Any]) -> str:
    ends = "no interval" if row["low"] is None else f"{row['low']:.3f} to {row['high']:.3f}"
    return f"{row['estimate']:.3f} [{ends}] over all models, {row['outcome']}"


def _sentence(rows: list[dict[str, Any]]) -> str:
    first = rows[0]
    what = {"length": "models", "latency": "tiers and targets"}[first["predictor"]]
    return (
        f"Coverage of the {100 * first['promised']:g} % bounds of {first['predictor']} against "
        f"{100 * first['at least']:g} to {100 * first['at most']:g} %: "
        f"{_count(rows, what, _percent)}."
    )


def _percent(row: Mapping[str, Any]) -> str:
    return f"{100 * row['estimate']:.1f} %"


def _count(
    rows: list[dict[str, Any]], what: str, number: Callable[[Mapping[str, Any]], str]
) -> str:
    """How many kept it, and everyone who did not."""
    missed = [
        f"{row['of']} ({number(row)}{', within chance' if row['outcome'] == BY_CHANCE else ''})"
        for row in rows
        if row["outcome"] != KEPT
    ]
    kept = f"kept for {len(rows) - len(missed)} of {len(rows)} {what}"
    return f"{kept}; not for {', '.join(missed)}" if missed else kept


_SCHEMA = {
    "predictor": pl.String,
    "promise": pl.String,
    "of": pl.String,
    "promised": pl.Float64,
    "at least": pl.Float64,
    "at most": pl.Float64,
    "estimate": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "outcome": pl.String,
    "level": pl.Float64,
    "method": pl.String,
    "n": pl.Int64,
    "clusters": pl.Int64,
}
