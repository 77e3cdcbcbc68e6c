"""Operating points, the frontiers they form, and what routing is measured against."""

from pipeline.reporting.frontier._references import offline_references
from pipeline.reporting.frontier._tables import frontier_tables

__all__ = ["frontier_tables", "offline_references"]
