"""What the page shows, before it is text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import polars as pl

from pipeline.reporting.page._drawing import Drawing

__all__ = ["Gain", "Headline", "Origin", "Part", "ReportContext", "Section", "Verdict"]


class Origin(NamedTuple):
    """Label (simulated, emulated, recorded or live) and the split that numbers come from."""

    label: str = ""
    split: str = ""


_UNSAID = Origin()


@dataclass(frozen=True)
class Section:
    """A piece of the page: text, then figures, then a table, each optional.

    Attributes:
        name: of its anchor and of its exported table: letters, digits and underscores.
        title: heading.
        note: what the reader should know to read it right.
        frame: table; columns estimate, low, high (or X, X_low, X_high) become one column.
        figures: names of the context's figures.
        origin: where its numbers come from.
        explorer: whether the interactive frontier stands above the figures.
    """

    name: str
    title: str
    note: str = ""
    frame: pl.DataFrame | None = None
    figures: tuple[str, ...] = ()
    origin: Origin = _UNSAID
    explorer: bool = False


@dataclass(frozen=True)
class Part:
    """Sections under one heading of the navigation."""

    name: str
    title: str
    sections: Sequence[Section]
    lead: str = ""


@dataclass(frozen=True)
class Gain:
    """What one arm gains over the baseline.

    Attributes:
        arm: the arm, and why this one.
        against: the baseline and the rate.
        items: name of the metric, point with its unit, interval, and "better", "worse" or "open":
            on which side of zero the interval lies.
    """

    arm: str
    against: str
    items: Sequence[tuple[str, str, str, str]]


@dataclass(frozen=True)
class Verdict:
    """The answer to one declared question, and how many contrasts stand behind it."""

    question: str
    answer: str
    supported: int
    refuted: int
    inconclusive: int


@dataclass(frozen=True)
class Headline:
    """What stands at the top of the page."""

    gains: Sequence[Gain]
    verdicts: Sequence[Verdict]
    sentences: Sequence[str]
    badges: Sequence[str]


@dataclass(frozen=True)
class ReportContext:
    """Everything the page shows.

    Attributes:
        title: title of the page.
        labels: label to what it means.
        headline: gains, verdicts and sentences.
        parts: the sections in order.
        figures: name to figure.
        explorer: data of the interactive frontier.
        rate: at which long tables of several rates are shown in brief (requests/s).
        provenance: name to value; a mapping becomes a table of its own.
        parameters: listing of all parameters in force.
        methods: notes on how the numbers were made.
    """

    title: str
    labels: Mapping[str, str]
    headline: Headline
    parts: Sequence[Part]
    figures: Mapping[str, Drawing]
    explorer: Mapping[str, Any]
    rate: float
    provenance: Mapping[str, Any]
    parameters: str
    methods: Sequence[str]
