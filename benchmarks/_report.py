"""How a benchmark ends: one line of JSON, with the machine beside the numbers."""

import json
import os
import platform
from typing import Any

__all__ = ["finish", "machine"]


def machine() -> dict[str, Any]:
    """Cores, load average over the last minute, and processor."""
    load = round(os.getloadavg()[0], 2)
    return {"cores": os.cpu_count(), "load_1min": load, "machine": platform.machine()}


def finish(figures: dict[str, Any]) -> None:
    """Print the figures as the last line, one JSON object."""
    print(json.dumps(figures | {"machine": machine()}, allow_nan=False))
