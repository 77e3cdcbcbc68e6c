"""The page, its figures and its tables, from the tables of the other stages."""

from pipeline.reporting.page._context import Part, ReportContext, Section
from pipeline.reporting.page._draw import draw
from pipeline.reporting.page._drawing import Drawing
from pipeline.reporting.page._export import write_figures, write_tables
from pipeline.reporting.page._html import render
from pipeline.reporting.page._inputs import ReportInputs, read_inputs
from pipeline.reporting.page._latex import latex_table
from pipeline.reporting.page._page import compose
from pipeline.reporting.page._provenance import provenance

__all__ = [
    "Drawing",
    "Part",
    "ReportContext",
    "ReportInputs",
    "Section",
    "compose",
    "draw",
    "latex_table",
    "provenance",
    "read_inputs",
    "render",
    "write_figures",
    "write_tables",
]
