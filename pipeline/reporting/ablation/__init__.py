"""Declared claims and their verdicts; published orderings beside ours."""

from pipeline.reporting.ablation._ablation import ablation_tables
from pipeline.reporting.ablation._published import published_cells, published_table

__all__ = ["ablation_tables", "published_cells", "published_table"]
