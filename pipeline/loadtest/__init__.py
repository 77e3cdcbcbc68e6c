"""Load tests: arms x rates x seeds, one row per request."""

from pipeline.loadtest._cell import Cell, explain, run_cell
from pipeline.loadtest._grid import Bench, cells_of, run_grid
from pipeline.loadtest._open import open_bench
from pipeline.loadtest._summary import summary
from pipeline.loadtest._workload import Workload, make_workload

__all__ = [
    "Bench",
    "Cell",
    "Workload",
    "cells_of",
    "explain",
    "make_workload",
    "open_bench",
    "run_cell",
    "run_grid",
    "summary",
]
