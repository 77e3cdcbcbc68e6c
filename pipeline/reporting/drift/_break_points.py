"""At which dose of error the lead of the fused decision is gone."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.reporting.drift._doses import DOSE_UNITS, Dose
from pipeline.statistics import run_draws

__all__ = ["BREAK_SCHEMA", "break_row", "crossing"]

BREAK_SCHEMA: dict[str, Any] = {
    "kind": pl.String,
    "unit": pl.String,
    "baseline": pl.String,
    "break_dose": pl.Float64,
    "break_low": pl.Float64,
    "break_high": pl.Float64,
    "level": pl.Float64,
    "runs": pl.Int64,
    "sentence": pl.String,
    "label": pl.String,
}

Floats = NDArray[np.float64]


def crossing(doses: Floats, leads: Floats) -> float:
    """The least dose at which the lead is 0, on straight lines between the doses tried.

    Args:
        doses: (d,) in rising order.
        leads: (d,) utility ahead of the baseline.

    Returns:
        The dose; the first one where there never was a lead, inf where it lasts to the end.
    """
    gone = np.flatnonzero(leads <= 0.0)
    if not gone.size:
        return math.inf
    at = int(gone[0])
    if at == 0:
        return float(doses[0])
    before, after = float(leads[at - 1]), float(leads[at])
    step = float(doses[at] - doses[at - 1])
    return float(doses[at - 1]) + step * before / (before - after)


def break_row(
    doses: Sequence[Dose], *, level: float, draws: int, rng: np.random.Generator
) -> dict[str, Any]:
    """Return the break point of one kind of error, with an interval and a sentence.

    The interval holds the crossings of joint draws of all doses over the runs (`run_draws`): doses
    share their runs, and differences of doses are better known than the doses. A bound that lies
    beyond the doses tried is null. There are no bounds for one run, where arms lack a run, or where
    all draws within the level agree that there never was a lead. The break dose is the first dose
    where there is none on the data, and null where it lasts.

    Args:
        doses: of one kind, in rising order, the unspoiled arm first.
        level: of the interval.
        draws: joint draws.
        rng: source of the draws.
    """
    sizes = np.array([one.dose for one in doses])
    found = crossing(sizes, np.array([one.differences.mean() for one in doses]))
    low, high = math.inf, math.inf
    reason = _unbounded(doses)
    if reason is None:
        per_run = np.column_stack([one.differences for one in doses])
        drawn = [crossing(sizes, leads) for leads in run_draws(per_run, draws=draws, rng=rng)]
        # No interpolation: a draw that never crosses is infinite, and inf - inf is nothing.
        low, high = np.quantile(
            drawn, [(1.0 - level) / 2.0, (1.0 + level) / 2.0], method="inverted_cdf"
        ).tolist()
    first = doses[0]
    return {
        "kind": first.kind,
        "unit": DOSE_UNITS[first.kind],
        "baseline": first.baseline,
        "break_dose": _tried(found),
        "break_low": None if low == high else _tried(low),
        "break_high": None if low == high else _tried(high),
        "level": level,
        "runs": min(len(one.seeds) for one in doses),
        "sentence": _sentence(doses, found, reason or (low, high), level),
        "label": " + ".join(sorted({one.label for one in doses})),
    }


def _unbounded(doses: Sequence[Dose]) -> str | None:
    """Why there is no interval, if so."""
    if len({one.seeds for one in doses}) > 1:
        return "no interval, as some doses lack runs that others have"
    return "runs are too few for an interval" if len(doses[0].seeds) < 2 else None


def _tried(dose: float) -> float | None:
    return dose if math.isfinite(dose) else None


def _sentence(
    doses: Sequence[Dose], found: float, bounds: tuple[float, float] | str, level: float
) -> str:
    first, last = doses[0], doses[-1]
    against = f"the best decoupled baseline ({first.baseline})"
    what = f"{first.kind} error" if first.kind != "age" else "age of the state"
    if found == first.dose:
        told = f"Without added {what} {first.arm} is already no better than {against}"
    elif math.isinf(found):
        told = f"Ahead of {against} at every {what} tried, up to {_size(last.dose, first.kind)}"
    else:
        article = "an" if first.kind == "age" else "a"
        told = f"As good as {against} at {article} {what} of {_size(found, first.kind)}"
    return f"{told}; {_interval(bounds, first.kind, level, last.dose)}."


def _interval(bounds: tuple[float, float] | str, kind: str, level: float, last: float) -> str:
    if isinstance(bounds, str):
        return bounds
    low, high = bounds
    if low == high:
        # Both ends at the first dose or both beyond the last: no width to tell.
        return f"so it is in all draws within {100 * level:g} %"
    upper = _size(high, kind) if math.isfinite(high) else f"beyond {_size(last, kind)}"
    return f"{100 * level:g} % interval {_size(low, kind)} to {upper}"


def _size(dose: float, kind: str) -> str:
    return f"{dose:.3g} s" if kind == "age" else f"{dose:.3g}"
