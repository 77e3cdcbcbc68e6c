"""A frame as the texts that people read, for the page and for LaTeX."""

from dataclasses import dataclass
from typing import Any

import polars as pl

from pipeline.reporting.page._align import Cell, aligned, is_number
from pipeline.reporting.page._format import NONE, estimate_text, number_text

__all__ = ["Column", "Table", "read_columns", "shown_table"]

_LONG = 16  # rows from which a table starts folded
_BRIEF = 45  # rows of one rate that may stand open
_MOST = 400  # rows beyond which a table is a file beside the page and not a part of it
_DECLARED = ("rate", "level", "margin", "dose", "false_alarm")  # chosen, so shown as written


@dataclass(frozen=True)
class Column:
    """Heading, kind (text, number or estimate) and the texts of a column."""

    heading: str
    kind: str
    texts: list[str]


@dataclass(frozen=True)
class Table:
    """A table as the template reads it.

    Attributes:
        headings, kinds: of the columns.
        rows: none where the table is too long for a page.
        brief: of a folded table, the rows at one rate, which stand open above it.
        height: rows of the whole table.
        folded: whether it starts folded.
        left_out: whether it is too long for a page.
    """

    headings: list[str]
    kinds: list[str]
    rows: list[tuple[Cell, ...]]
    brief: list[tuple[Cell, ...]]
    height: int
    folded: bool
    left_out: bool


def read_columns(frame: pl.DataFrame) -> list[Column]:
    """Return the columns; three of an estimate and its ends become one."""
    rows = list(frame.iter_rows(named=True))
    columns = []
    for heading, names in _groups(frame.columns):
        texts = [_cell(row, names) for row in rows]
        kind = _kind(texts, numeric=len(names) == 3 or frame.schema[names[0]].is_numeric())
        columns.append(Column(heading.replace("_", " "), kind, texts))
    return columns


def shown_table(frame: pl.DataFrame, rate: float) -> Table:
    """Return the table with the decimal points of each column below each other.

    Args:
        frame: any table.
        rate: at which a long table of several rates is shown in brief.
    """
    left_out = frame.height > _MOST
    folded = frame.height >= _LONG
    columns = read_columns(frame.clear() if left_out else frame)
    cells = [
        [Cell("", text, "", "") for text in column.texts]
        if column.kind == "text"
        else aligned(column.texts)
        for column in columns
    ]
    rows = list(zip(*cells, strict=True))
    several = folded and "rate" in frame.columns and not left_out
    rates = frame["rate"].to_list() if several else []
    brief = [row for row, own in zip(rows, rates, strict=False) if own == rate]
    return Table(
        headings=[column.heading for column in columns],
        kinds=[column.kind for column in columns],
        rows=rows,
        brief=brief if len(brief) <= _BRIEF else [],
        height=frame.height,
        folded=folded,
        left_out=left_out,
    )


def _groups(columns: list[str]) -> list[tuple[str, tuple[str, ...]]]:
    """Headings and the columns behind each: three of an estimate with its ends, else one."""
    triples = {name: (name, f"{name}_low", f"{name}_high") for name in columns}
    triples["estimate"] = ("estimate", "low", "high")
    whole = {name: ends for name, ends in triples.items() if set(ends) <= set(columns)}
    absorbed = {end for ends in whole.values() for end in ends[1:]}
    return [(name, whole.get(name, (name,))) for name in columns if name not in absorbed]


def _cell(row: dict[str, Any], names: tuple[str, ...]) -> str:
    if len(names) == 3:
        return estimate_text(*(row[name] for name in names))
    value = row[names[0]]
    return f"{value:g}" if names[0] in _DECLARED and value is not None else _text(value)


def _text(value: Any) -> str:
    if value is None:
        return NONE
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return number_text(value)
    if isinstance(value, int):
        return f"{value:,}".replace(",", "\u202f")
    return str(value)


def _kind(texts: list[str], *, numeric: bool) -> str:
    """Numbers align at the right, estimates at the decimal point of the estimate."""
    if not numeric and (set(texts) <= {NONE} or not all(map(is_number, texts))):
        return "text"
    return "estimate" if any("[" in text for text in texts) else "number"
