"""Figures and tables of the report, each computed from rows."""

from pipeline.reporting._ablation import ablation_table
from pipeline.reporting._cells import cell_table, mix_table
from pipeline.reporting._drift import drift_table
from pipeline.reporting._figures_parts import (
    ablation_figure,
    drift_figure,
    mix_figure,
    reliability_figure,
)
from pipeline.reporting._figures_plane import cost_quality_figure, frontier_figure
from pipeline.reporting._format import estimate_text, number_text
from pipeline.reporting._frontier import differences, frontier_table
from pipeline.reporting._html import ReportContext, ReportSection, render
from pipeline.reporting._inputs import ReportInputs, read_inputs
from pipeline.reporting._page import compose, draw
from pipeline.reporting._published import published_cells, published_table
from pipeline.reporting._references import offline_references
from pipeline.reporting._state_error import state_table
from pipeline.reporting._views import cells_for_reading

__all__ = [
    "ReportContext",
    "ReportInputs",
    "ReportSection",
    "ablation_figure",
    "ablation_table",
    "cell_table",
    "cells_for_reading",
    "compose",
    "cost_quality_figure",
    "differences",
    "draw",
    "drift_figure",
    "drift_table",
    "estimate_text",
    "frontier_figure",
    "frontier_table",
    "mix_figure",
    "mix_table",
    "number_text",
    "offline_references",
    "published_cells",
    "published_table",
    "read_inputs",
    "reliability_figure",
    "render",
    "state_table",
]
