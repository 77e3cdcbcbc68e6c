"""Profile a live OpenAI-compatible server: measure it, and fit the engine to what was seen."""

from pipeline.fleet.live._client import Answered, Client, Heard
from pipeline.fleet.live._fit import fit_live
from pipeline.fleet.live._measured import (
    LiveFit,
    Measured,
    mean_errors,
    measured_runs,
    pooled,
    simulated,
)
from pipeline.fleet.live._plan import Asked, Spread, draw_lengths, draw_prompt, open_arrivals
from pipeline.fleet.live._profile import Asking, fit_rows, live_limits, profile_server
from pipeline.fleet.live._reply import Reply
from pipeline.fleet.live._rows import LIVE_REQUESTS, read_live
from pipeline.fleet.live._runs import Target, run_open
from pipeline.fleet.live._sse import SseParser
from pipeline.fleet.live._sweep import Sweep, sweep, tokens_per_word, widths_up_to

__all__ = [
    "LIVE_REQUESTS",
    "Answered",
    "Asked",
    "Asking",
    "Client",
    "Heard",
    "LiveFit",
    "Measured",
    "Reply",
    "Spread",
    "SseParser",
    "Sweep",
    "Target",
    "draw_lengths",
    "draw_prompt",
    "fit_live",
    "fit_rows",
    "live_limits",
    "mean_errors",
    "measured_runs",
    "open_arrivals",
    "pooled",
    "profile_server",
    "read_live",
    "run_open",
    "simulated",
    "sweep",
    "tokens_per_word",
    "widths_up_to",
]
