"""Load tests: arms x rates x seeds, one row per request."""

from pipeline.loadtest._cell import Cell, explain, run_cell
from pipeline.loadtest._grid import Bench, cells_of, run_grid
from pipeline.loadtest._lag import lag_line, lags, refuse_late
from pipeline.loadtest._open import check_registered, open_bench
from pipeline.loadtest._rig import Rig
from pipeline.loadtest._router_time import (
    RouterTime,
    cost_block,
    fit_cost,
    machine,
    router_times,
    time_lines,
)
from pipeline.loadtest._summary import summary
from pipeline.loadtest._waiting import wait_anew
from pipeline.loadtest._wall import Site, check_servable, run_wall_cell
from pipeline.loadtest._wall_beliefs import PromptReader
from pipeline.loadtest._wall_open import open_site
from pipeline.loadtest._wall_polls import busy_share, readings
from pipeline.loadtest._workload import Workload, best_model, make_workload

__all__ = [
    "Bench",
    "Cell",
    "PromptReader",
    "Rig",
    "RouterTime",
    "Site",
    "Workload",
    "best_model",
    "busy_share",
    "cells_of",
    "check_registered",
    "check_servable",
    "cost_block",
    "explain",
    "fit_cost",
    "lag_line",
    "lags",
    "machine",
    "make_workload",
    "open_bench",
    "open_site",
    "readings",
    "refuse_late",
    "router_times",
    "run_cell",
    "run_grid",
    "run_wall_cell",
    "summary",
    "time_lines",
    "wait_anew",
]
