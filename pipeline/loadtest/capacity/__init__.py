"""How much load an arm carries within an SLO."""

from pipeline.loadtest.capacity._capacity import (
    Capacity,
    Ladder,
    SeedCapacity,
    check_open,
    find_capacity,
    share_met,
)
from pipeline.loadtest.capacity._lines import capacity_lines
from pipeline.loadtest.capacity._search import Bracket, last_step

__all__ = [
    "Bracket",
    "Capacity",
    "Ladder",
    "SeedCapacity",
    "capacity_lines",
    "check_open",
    "find_capacity",
    "last_step",
    "share_met",
]
