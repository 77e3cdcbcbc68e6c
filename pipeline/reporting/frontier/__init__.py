"""Operating points, the frontier they form, and what routing is measured against."""

from pipeline.reporting.frontier._cells import cell_table, mix_table
from pipeline.reporting.frontier._frontier import differences, frontier_table
from pipeline.reporting.frontier._references import offline_references

__all__ = ["cell_table", "differences", "frontier_table", "mix_table", "offline_references"]
