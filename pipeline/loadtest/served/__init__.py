"""Cells over HTTP: on the servers of a fleet, or through a gateway that decides."""

from pipeline.loadtest.served._agree import Fidelity, agree_lines, agreement
from pipeline.loadtest.served._front import Front, Served, Simulation, kept_cell
from pipeline.loadtest.served._on_fleet import open_fleet
from pipeline.loadtest.served._order import Order, interleaved
from pipeline.loadtest.served._sweep import sweep_over_http
from pipeline.loadtest.served._through_gateway import open_gateway
from pipeline.loadtest.served._twins import TWIN, WithTwins, floor_lines, floors, twinned

__all__ = [
    "TWIN",
    "Fidelity",
    "Front",
    "Order",
    "Served",
    "Simulation",
    "WithTwins",
    "agree_lines",
    "agreement",
    "floor_lines",
    "floors",
    "interleaved",
    "kept_cell",
    "open_fleet",
    "open_gateway",
    "sweep_over_http",
    "twinned",
]
