"""How true the engine is: to measured iterations, real runs, published cells and the clock."""

from pipeline.fleet.fidelity._clocks import clock_table
from pipeline.fleet.fidelity._ladder import (
    CASES,
    Case,
    LadderConstants,
    RouterRate,
    fit_router,
    mean_e2e,
    published_fleet,
    router_that_fits,
)
from pipeline.fleet.fidelity._runs import (
    CALIBRATION_REQUESTS,
    Run,
    Times,
    calibrate,
    read_runs,
    run_errors,
    served,
)
from pipeline.fleet.fidelity._tables import ladder_table, run_row, steptime_table

__all__ = [
    "CALIBRATION_REQUESTS",
    "CASES",
    "Case",
    "LadderConstants",
    "RouterRate",
    "Run",
    "Times",
    "calibrate",
    "clock_table",
    "fit_router",
    "ladder_table",
    "mean_e2e",
    "published_fleet",
    "read_runs",
    "router_that_fits",
    "run_errors",
    "run_row",
    "served",
    "steptime_table",
]
