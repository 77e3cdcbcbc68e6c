"""Operating points, the frontiers they form, and what routing is measured against."""

from pipeline.reporting.frontier._limits import met_by_run
from pipeline.reporting.frontier._references import offline_references
from pipeline.reporting.frontier._tables import frontier_tables

__all__ = ["frontier_tables", "met_by_run", "offline_references"]
