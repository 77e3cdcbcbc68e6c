"""The page: one HTML file that needs nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from pipeline.reporting.page._align import Cell, aligned, is_number
from pipeline.reporting.page._format import NONE, estimate_text, number_text

__all__ = ["ReportContext", "ReportSection", "render"]

_LONG = 16  # rows from which a table starts folded
_DECLARED = ("rate", "level", "margin")  # chosen, not measured: shown as they were written


@dataclass(frozen=True)
class ReportSection:
    """A part of the page: text, then a figure, then a table, each optional.

    Attributes:
        title: heading.
        note: what the reader should know to read it right.
        frame: table; columns estimate, low, high (or X, X_low, X_high) become one column.
        figure: name of one of the context's figures.
        label: where its numbers come from: simulated, emulated, recorded or live.
        split: the split they were computed on.
    """

    title: str
    note: str = ""
    frame: pl.DataFrame | None = None
    figure: str | None = None
    label: str = ""
    split: str = ""


@dataclass(frozen=True)
class ReportContext:
    """Everything the page shows.

    Attributes:
        title: title of the page.
        labels: label to what it means, for the legend below the title.
        headline: sentences, each with its interval.
        headline_badges: where the numbers of the headline come from.
        figures: name to SVG text; those no section names follow the sections.
        tables: the sections, in order.
        provenance: name to value; a mapping becomes a table of its own.
        methods: notes on how the numbers were made.
    """

    title: str
    labels: Mapping[str, str]
    headline: list[str]
    figures: Mapping[str, str]
    tables: list[ReportSection]
    provenance: Mapping[str, Any]
    methods: list[str] = field(default_factory=list)
    headline_badges: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Table:
    """A table as text: headings, the kind of each column (text, number or estimate), and rows."""

    headings: list[str]
    kinds: list[str]
    rows: list[tuple[Cell, ...]]
    folded: bool


@dataclass(frozen=True)
class _Shown:
    """A section as the template reads it; `figure` is SVG text that needs no escaping."""

    anchor: str
    title: str
    note: str
    badges: list[str]
    figure: str | None
    table: _Table | None


def render(context: ReportContext) -> str:
    """Return the page as HTML text with inline style and figures, without scripts or links out.

    Equal contexts give equal bytes.

    Raises:
        KeyError: a section names a figure that the context does not hold.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    used = {section.figure for section in context.tables}
    rest = [ReportSection(name, figure=name) for name in context.figures if name not in used]
    shown = [
        _shown(i, section, context.figures) for i, section in enumerate([*context.tables, *rest])
    ]
    plain, nested = _provenance(context.provenance)
    page = environment.get_template("template.html").render(
        title=context.title,
        labels=context.labels,
        headline=context.headline,
        headline_badges=context.headline_badges,
        sections=shown,
        provenance=plain,
        nested=nested,
        methods=context.methods,
    )
    return page if page.endswith("\n") else page + "\n"


def _shown(i: int, section: ReportSection, figures: Mapping[str, str]) -> _Shown:
    return _Shown(
        anchor=f"section-{i + 1}",
        title=section.title,
        note=section.note,
        badges=[
            text for text in (section.label, section.split and f"{section.split} split") if text
        ],
        figure=None if section.figure is None else figures[section.figure],
        table=None if section.frame is None else _table(section.frame),
    )


def _table(frame: pl.DataFrame) -> _Table:
    groups = _groups(frame.columns)
    rows = list(frame.iter_rows(named=True))
    columns = [[_cell(row, names) for row in rows] for _, names in groups]
    kinds = [
        _kind(texts, numeric=_numeric(frame, names))
        for texts, (_, names) in zip(columns, groups, strict=True)
    ]
    cells = [
        [Cell("", text, "", "") for text in texts] if kind == "text" else aligned(texts)
        for texts, kind in zip(columns, kinds, strict=True)
    ]
    return _Table(
        headings=[heading.replace("_", " ") for heading, _ in groups],
        kinds=kinds,
        rows=list(zip(*cells, strict=True)),
        folded=frame.height >= _LONG,
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


def _numeric(frame: pl.DataFrame, names: tuple[str, ...]) -> bool:
    return len(names) == 3 or frame.schema[names[0]].is_numeric()


def _kind(texts: list[str], *, numeric: bool) -> str:
    """Numbers align at the right, estimates at the decimal point of the estimate."""
    if not numeric and (set(texts) <= {NONE} or not all(map(is_number, texts))):
        return "text"
    return "estimate" if any("[" in text for text in texts) else "number"


Pairs = list[tuple[str, str]]


def _provenance(values: Mapping[str, Any]) -> tuple[Pairs, list[tuple[str, Pairs]]]:
    """Single values, and the mappings among them flattened to dotted names."""
    plain = [(name, _plain(value)) for name, value in values.items() if not _is_map(value)]
    nested = [(name, _flat(value)) for name, value in values.items() if _is_map(value)]
    return plain, nested


def _flat(values: Mapping[str, Any], prefix: str = "") -> Pairs:
    pairs: Pairs = []
    for name, value in values.items():
        if _is_map(value) and value:
            pairs.extend(_flat(value, f"{prefix}{name}."))
        else:
            pairs.append((f"{prefix}{name}", _plain(value)))
    return pairs


def _is_map(value: Any) -> bool:
    return isinstance(value, Mapping)


def _plain(value: Any) -> str:
    """Provenance is quoted, never rounded."""
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return NONE if value is None else str(value)
