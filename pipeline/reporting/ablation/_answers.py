"""What every family of contrasts came to, in a sentence."""

from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl

from pipeline.params import AblationParams, PlaceboParams

__all__ = ["ANSWER_SCHEMA", "answer_rows"]

ANSWER_SCHEMA: dict[str, Any] = {
    "family": pl.String,
    "question": pl.String,
    "correction": pl.String,
    "supported": pl.Int64,
    "refuted": pl.Int64,
    "inconclusive": pl.Int64,
    "answer": pl.String,
}

Row = dict[str, Any]
_VERDICTS = ("supported", "refuted", "inconclusive")
_BARE = ("0 to 1", "score")  # units that say nothing beside a number


def answer_rows(judged: list[dict[str, Any]], params: AblationParams) -> list[dict[str, Any]]:
    """Return one row per family: how often it was supported, where, and by how much.

    A contrast at one rate is one condition. The sentence names the conditions of every verdict,
    what would have been detectable where it is inconclusive, and the largest improvement of each
    metric with its interval: among the supported conditions, else among all. A placebo that shows
    an effect is told first, in every family, as it casts doubt on all of them.

    Args:
        judged: rows of `judge`, in the order of the params.
        params: families and placebo.
    """
    found = []
    alarms = [row for row in judged if _is_false_effect(row, params.placebo)]
    for family, declared in params.families.items():
        rows = [row for row in judged if row["family"] == family]
        parts = {name: [row for row in rows if row["verdict"] == name] for name in _VERDICTS}
        found.append(
            {
                "family": family,
                "question": declared.question,
                "correction": declared.correction,
                **{name: len(part) for name, part in parts.items()},
                "answer": " ".join([*_warning(alarms), _count(rows, parts), *_largest(rows)]),
            }
        )
    return found


def _is_false_effect(row: Row, placebo: PlaceboParams | None) -> bool:
    if placebo is None or {row["better"], row["worse"]} != {placebo.arm, placebo.of}:
        return False
    return bool(row["verdict"] == ("supported" if row["kind"] == "superior" else "refuted"))


def _warning(alarms: list[Row]) -> list[str]:
    if not alarms:
        return []
    arms = f"{alarms[0]['better']} over {alarms[0]['worse']}"
    where = ", ".join(f"{_condition(row)}: {_effect(row)}" for row in alarms)
    return [f"WARNING: the placebo shows an effect where there is none ({arms}; {where})."]


def _count(rows: list[Row], parts: Mapping[str, list[Row]]) -> str:
    if not rows:
        return "Nothing was asked."
    supported, *others = parts.items()
    among = "1 condition" if len(rows) == 1 else f"{len(rows)} conditions"
    told = [f"Supported in {len(supported[1]) or 'none'} of {among}{_where(supported[1])}"]
    told += [f"{name} in {len(part)}{_where(part)}" for name, part in others if part]
    return ", ".join(told) + "."


def _where(part: list[Row]) -> str:
    """The conditions in brackets, contrast by contrast, with what was detectable where known."""
    told = []
    for contrast in dict.fromkeys(row["contrast"] for row in part):
        rates = [_rate(row) for row in part if row["contrast"] == contrast]
        told.append(f"{_words(contrast)} at {', '.join(rates)}")
    return f" ({'; '.join(told)})" if told else ""


def _rate(row: Row) -> str:
    rate = f"{row['rate']:g}/s"
    if row["detectable"] is None:
        return rate
    return f"{rate} with {_number(row['detectable'], row['unit'])} detectable"


def _condition(row: Row) -> str:
    return f"{_words(row['contrast'])} at {row['rate']:g}/s"


def _words(contrast: str) -> str:
    return contrast.replace("_", " ")


def _largest(rows: list[Row]) -> Iterable[str]:
    known = [row for row in rows if row["low"] is not None]
    pool = [row for row in known if row["verdict"] == "supported"] or known
    for metric in dict.fromkeys(row["metric"] for row in pool):
        top = max((row for row in pool if row["metric"] == metric), key=lambda r: r["estimate"])
        yield f"Largest improvement in {metric}: {_effect(top)}, {_condition(top)}."


def _effect(row: Row) -> str:
    low, high = (f"{row[end]:.3g}" for end in ("low", "high"))
    estimate = _number(row["estimate"], row["unit"])
    return f"{estimate} ({100 * row['level']:g} % interval {low} to {high})"


def _number(value: float, unit: str) -> str:
    return f"{value:.3g}" if unit in _BARE else f"{value:.3g} {unit}"
