"""Declared claims and their verdicts; any two runs compared; published orderings beside ours."""

from pipeline.reporting.ablation._ablation import ablation_tables
from pipeline.reporting.ablation._compare import COMPARED_METRICS, compare
from pipeline.reporting.ablation._compare_text import comparison_lines
from pipeline.reporting.ablation._published import published_cells, published_table
from pipeline.reporting.ablation._sides import read_side

__all__ = [
    "COMPARED_METRICS",
    "ablation_tables",
    "compare",
    "comparison_lines",
    "published_cells",
    "published_table",
    "read_side",
]
