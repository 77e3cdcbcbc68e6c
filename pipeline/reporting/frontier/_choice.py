"""Which arm a system would have chosen, seen from the validation split alone."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from pipeline.params import Params
from pipeline.reporting.frontier._aligned import Floats
from pipeline.reporting.frontier._routerarena import routerarena_of
from pipeline.reporting.frontier._rows import frontier_rows
from pipeline.reporting.rows import in_cells, runs_of

__all__ = ["GOALS", "Choice", "Tuning", "best_arm", "read_tuning"]

# goal: whether more is better
GOALS = {"quality": True, "e2e_s": False, "cost_usd": False, "utility": True, "routerarena": True}


@dataclass(frozen=True)
class Choice:
    """The arm; where there is none, why."""

    arm: str | None
    reason: str = ""


@dataclass(frozen=True)
class Tuning:
    """Means of the arms on the validation split.

    Attributes:
        traffic: that was met; None where none is declared.
        means: by rate (requests/s) and arm, the mean of each goal; None where it has none.
    """

    traffic: str | None
    means: Mapping[float, Mapping[str, Mapping[str, float | None]]]

    def choose(self, arms: Sequence[str], goal: str, rate: float) -> Choice:
        """The arm that does best in the goal at the tuned rate next to `rate`.

        Only arms that met the tuning traffic can be chosen, the first declared among ties. A
        system of one arm has nothing to choose.
        """
        if len(arms) == 1:
            return Choice(arms[0])
        if self.traffic is None:
            return Choice(None, "no tuning traffic is declared")
        near = min(sorted(self.means), key=lambda tuned: abs(tuned - rate), default=None)
        here = {} if near is None else self.means[near]
        found = best_arm({arm: here[arm][goal] for arm in arms if arm in here}, goal)
        return Choice(found, f"none of its arms has a value in {self.traffic}")


def best_arm(values: Mapping[str, float | None], goal: str) -> str | None:
    """The arm of the best value, the first among ties; None where none has a value."""
    sign = -1.0 if GOALS[goal] else 1.0
    known = {arm: sign * value for arm, value in values.items() if value is not None}
    return min(known, key=lambda arm: known[arm], default=None)


def read_tuning(requests: pl.DataFrame, params: Params) -> Tuning:
    """Read what the arms did in the traffic frontier.tuning, on prompts of the validation split.

    Args:
        requests: REQUESTS rows.
        params: of all stages.
    """
    traffic = params.frontier.tuning
    if traffic is None:
        return Tuning(None, {})
    found: dict[float, dict[str, dict[str, float | None]]] = {}
    rows = frontier_rows(requests, params, traffic, "validation")
    for (rate, arm), cell in in_cells(rows, "rate", "arm"):
        found.setdefault(float(str(rate)), {})[str(arm)] = _means(cell)
    return Tuning(traffic, found)


def _means(cell: pl.DataFrame) -> dict[str, float | None]:
    found = {
        "quality": _mean(cell["quality"].drop_nulls().to_numpy()),
        "cost_usd": _mean(cell["cost_usd"].drop_nulls().to_numpy()),
        "e2e_s": _mean([run.mean() for run in runs_of(cell, "e2e_s")]),
        "utility": _mean([run.mean() for run in runs_of(cell, "utility")]),
    }
    quality, cost = found["quality"], found["cost_usd"]
    if quality is None or cost is None:
        return found | {"routerarena": None}
    return found | {"routerarena": routerarena_of(np.array([quality]), np.array([cost]))}


def _mean(values: Floats | Iterable[float]) -> float | None:
    known = np.asarray(values, dtype=np.float64)
    return float(known.mean()) if known.size else None
