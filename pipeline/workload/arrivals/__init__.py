"""When requests arrive: processes at exactly the rate they are named by, traces, closed loops."""

from pipeline.workload.arrivals._closed import ClosedLoop
from pipeline.workload.arrivals._offered import gap_cv, offered_rate
from pipeline.workload.arrivals._reference import rescaled_levels
from pipeline.workload.arrivals._times import arrival_times
from pipeline.workload.arrivals._trace import Trace, replay
from pipeline.workload.arrivals._trace_file import read_trace

__all__ = [
    "ClosedLoop",
    "Trace",
    "arrival_times",
    "gap_cv",
    "offered_rate",
    "read_trace",
    "replay",
    "rescaled_levels",
]
