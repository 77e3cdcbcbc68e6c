"""The page as one HTML file that needs nothing else."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.reporting.page._context import ReportContext, Section
from pipeline.reporting.page._provenance import provenance_tables
from pipeline.reporting.page._tables import Table, shown_table

__all__ = ["render"]

_HERE = Path(__file__).parent
_SCRIPTS = ("frontier.js", "sort.js")


@dataclass(frozen=True)
class _Shown:
    """A section as the template reads it; `figures` are SVG texts that need no escaping."""

    name: str
    title: str
    note: str
    badges: list[str]
    figures: list[str]
    table: Table | None
    explorer: bool


@dataclass(frozen=True)
class _ShownPart:
    name: str
    title: str
    lead: str
    sections: list[_Shown]


def render(context: ReportContext) -> str:
    """Return the page as HTML text with style, scripts, data and figures inline, without links out.

    Equal contexts give equal bytes.

    Raises:
        KeyError: a section names a figure that the context does not hold.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    plain, nested = provenance_tables(context.provenance)
    page = environment.get_template("template.html").render(
        context=context,
        parts=[
            _ShownPart(
                part.name,
                part.title,
                part.lead,
                [_shown(section, context) for section in part.sections],
            )
            for part in context.parts
        ],
        provenance=plain,
        nested=nested,
        style=_asset("style.css"),
        scripts=[_asset(name) for name in _SCRIPTS],
        data=script_json(context.explorer),
    )
    return page if page.endswith("\n") else page + "\n"


def script_json(value: Any) -> str:
    """Return JSON that cannot end the script element it stands in."""
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _asset(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")


def _shown(section: Section, context: ReportContext) -> _Shown:
    label, split = section.origin
    return _Shown(
        name=section.name,
        title=section.title,
        note=section.note,
        badges=[text for text in (label, split and f"{split} split") if text],
        figures=[context.figures[name].svg for name in section.figures],
        table=None if section.frame is None else shown_table(section.frame, context.rate),
        explorer=section.explorer,
    )
