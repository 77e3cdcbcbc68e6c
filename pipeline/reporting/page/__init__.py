"""The page and its figures, from the tables of the other stages."""

from pipeline.reporting.page._html import ReportContext, ReportSection, render
from pipeline.reporting.page._inputs import ReportInputs, read_inputs
from pipeline.reporting.page._page import compose, draw

__all__ = [
    "ReportContext",
    "ReportInputs",
    "ReportSection",
    "compose",
    "draw",
    "read_inputs",
    "render",
]
