"""A comparison as the lines of one aligned table."""

from collections.abc import Iterator
from typing import Any

import polars as pl

__all__ = ["comparison_lines"]

_HEAD = ("metric", "A", "B", "A - B", "P", "n", "left out", "label")
_VERDICTS = {"supported": "not worse", "refuted": "worse", "inconclusive": "undecided"}


def comparison_lines(table: pl.DataFrame) -> Iterator[str]:
    """Yield the rows of `compare` under the names of their cells.

    n counts the requests that both sides served, or the runs where latency is compared. The
    column of margins is there where one was given.
    """
    verdicts = table["margin"].is_not_null().any()
    rows = list(table.iter_rows(named=True))
    texts = [_texts(row, verdicts) for row in rows]
    head = (*_HEAD, "A within margin") if verdicts else _HEAD
    widths = [max(len(line[i]) for line in [head, *texts]) for i in range(len(head))]
    cells = None
    for row, text in zip(rows, texts, strict=True):
        if cells != (row["cell_a"], row["cell_b"]):
            cells = (row["cell_a"], row["cell_b"])
            yield f"A {cells[0]}   B {cells[1]}"
            yield _line(head, widths)
        yield _line(text, widths)


def _texts(row: dict[str, Any], verdicts: bool) -> tuple[str, ...]:
    runs = row["n"] == row["clusters"] and row["metric"].endswith("_s")
    told = (
        f"{row['metric']} ({row['unit']})",
        _number(row["a"]),
        _number(row["b"]),
        _interval(row),
        _p_values(row),
        f"{row['n']} runs" if runs else str(row["n"]),
        str(row["missing"]),
        row["label"],
    )
    return (*told, _margin(row)) if verdicts else told


def _interval(row: dict[str, Any]) -> str:
    if row["low"] is None:
        reason = row["method"].removeprefix("degenerate: ")
        return f"{_number(row['estimate'])} (no interval: {reason})"
    return f"{_number(row['estimate'])} ({_number(row['low'])} to {_number(row['high'])})"


def _p_values(row: dict[str, Any]) -> str:
    if row["p_mcnemar"] is None:
        return _number(row["p_value"])
    return f"{_number(row['p_value'])}, exact {_number(row['p_mcnemar'])}"


def _margin(row: dict[str, Any]) -> str:
    if row["margin"] is None:
        return ""
    return f"{_VERDICTS[row['verdict']]} (by {_number(row['margin'])})"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"


def _line(texts: tuple[str, ...], widths: list[int]) -> str:
    return "  ".join(text.ljust(width) for text, width in zip(texts, widths, strict=True)).rstrip()
