"""Versions, comparisons and decisions as lines for the shell."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pipeline.registry._compare import Comparison
from pipeline.registry._decisions import Decision
from pipeline.registry._gate import Check
from pipeline.registry._versions import Version

__all__ = ["comparison_lines", "history_lines", "version_lines"]


def version_lines(
    versions: Sequence[Version], numbers: Mapping[tuple[str, int], tuple[str, float]]
) -> Iterator[str]:
    """Yield one line per version: aliases, its number of the test split, date and hashes.

    Args:
        versions: of one or several names.
        numbers: a metric and its value, by name and number; absent where the run has none.
    """
    rows = [("name", "version", "aliases", "test", "registered", "model", "data")]
    for one in versions:
        metric = numbers.get((one.name, one.number))
        rows.append(
            (
                one.name,
                str(one.number),
                ", ".join(one.aliases) or "-",
                "-" if metric is None else f"{metric[0]} {metric[1]:.4g}",
                f"{one.created:%Y-%m-%d %H:%M} UTC",
                one.tags.get("model_sha256", "-")[:12],
                one.tags.get("data_sha256", "-")[:12],
            )
        )
    yield from _aligned(rows)


def comparison_lines(found: Comparison) -> Iterator[str]:
    """Yield the table of a comparison, its notes, and what is not met."""
    if found.checks:
        yield f"test split: {found.rows} rows in {found.units} clusters"
        yield from _aligned(_checks(found.checks))
    if found.served:
        yield "simulated load tests"
        yield from _aligned(_checks(found.served))
    for note in found.notes:
        yield f"note: {note}"
    for blocker in found.blockers:
        yield f"not met: {blocker}"
    for check in (*found.checks, *found.served):
        if check.verdict != "supported":
            yield f"not met: {_wanted(check)} is {check.verdict}"


def history_lines(decisions: Sequence[Decision]) -> Iterator[str]:
    """Yield every decision, oldest first, with its numbers and its reason."""
    for one in decisions:
        before = "none" if one.champion is None else str(one.champion)
        yield (
            f"{one.at:%Y-%m-%d %H:%M:%S} UTC  {one.who}  {one.name}  {before} -> {one.challenger}  "
            f"{one.outcome.replace('_', ' ')}"
        )
        if one.reason:
            yield f"    reason: {one.reason}"
        for place in ("checks", "served"):
            for check in one.told.get(place, ()):
                yield f"    {_numbers(check)}"
        for note in (*one.told.get("notes", ()), *one.told.get("blockers", ())):
            yield f"    {note}"


def _checks(checks: Sequence[Check]) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [
        ("metric", "champion", "challenger", "better by", "P", "claim", "verdict")
    ]
    for check in checks:
        found = check.improvement
        rows.append(
            (
                f"{check.metric} ({check.unit})",
                _number(check.champion),
                _number(check.challenger),
                _interval(found.estimate, found.low, found.high),
                _number(check.p_value),
                _claim(check.claim, check.margin),
                check.verdict,
            )
        )
    return rows


def _wanted(check: Check) -> str:
    return f"{check.metric} {_claim(check.claim, check.margin)}"


def _claim(claim: str, margin: float) -> str:
    if claim == "superior":
        return f"better by over {margin:g}" if margin else "better"
    return f"not worse by {margin:g}"


def _numbers(check: Mapping[str, Any]) -> str:
    found = check["improvement"]
    return (
        f"{check['metric']} ({check['unit']}): better by "
        f"{_interval(found['estimate'], found['low'], found['high'])}, "
        f"P {_number(check['p_value'])}; {_claim(check['claim'], check['margin'])}: "
        f"{check['verdict']}"
    )


def _interval(point: float | None, low: float | None, high: float | None) -> str:
    bounds = "" if low is None or high is None else f" ({_number(low)} to {_number(high)})"
    return f"{_number(point)}{bounds}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"


def _aligned(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
