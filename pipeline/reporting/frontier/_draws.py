"""All arms of one rate at once: their means, and joint draws of them, for every table below."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from pipeline.params import FrontierParams
from pipeline.reporting.frontier._aligned import Aligned, Floats
from pipeline.reporting.frontier._labels import Labels
from pipeline.statistics import Estimate, joint_intervals, run_draws
from pipeline.streams import stream

__all__ = ["AXES", "BEST_IS_MOST", "JointPoints", "joint_points"]

AXES = ("quality", "e2e_s", "cost_usd")
BEST_IS_MOST = (True, False, False)
ORACLE = "_oracle"
_PROMPTS = ("quality", "cost_usd", "quality_all", "cost_all")


@dataclass(frozen=True)
class JointPoints:
    """Means over m arms at one rate, and B joint draws of them.

    Whatever varies over prompts (quality, cost, regrets, shares of models, what single models would
    have got) is resampled by clusters of prompts, which all columns share. Mean E2E varies over
    runs, which all arms share, and is drawn apart from the prompts: a t distribution over runs, on
    the scale of 1 / E2E as in `latency_interval`. An unlimited E2E in a draw is infinite.

    Attributes:
        requests: what the numbers are made of.
        estimates: by column, the interval of each arm (or model), from the same resamples.
        points: by column, (m,) means; e2e_s is the mean of the means of the runs. NaN: no value.
        draws: by column, (B, m). NaN where a draw cannot be made, as with one run.
        strong, weak: places of the models of the best quality and of the least cost on validation
            among the columns model_quality and model_cost.
    """

    requests: Aligned
    estimates: dict[str, list[Estimate]]
    points: dict[str, Floats]
    draws: dict[str, Floats]
    strong: int
    weak: int

    @property
    def rate(self) -> float:
        return self.requests.rate

    @property
    def arms(self) -> tuple[str, ...]:
        return self.requests.arms

    @property
    def n(self) -> int:
        return len(self.requests.group_ids)

    @cached_property
    def clusters(self) -> int:
        return len(np.unique(self.requests.group_ids))

    def axes(self) -> tuple[Floats, Floats]:
        """Points (m, 3) and draws (B, m, 3) of `AXES`."""
        points = np.stack([self.points[axis] for axis in AXES], axis=-1)
        return points, np.stack([self.draws[axis] for axis in AXES], axis=-1)

    def of(self, arms: tuple[str, ...], columns: tuple[str, ...] = AXES) -> list[int]:
        """Places of those arms that are there and have a mean in each of the columns."""
        places = [self.arms.index(arm) for arm in arms if arm in self.arms]
        return [i for i in places if not any(np.isnan(self.points[one][i]) for one in columns)]

    def entrants(self) -> list[int]:
        """Places of the arms that may be on the frontier: all means known, not an oracle."""
        return self.of(tuple(arm for arm in self.arms if not arm.endswith(ORACLE)))


def joint_points(
    requests: Aligned, labels: Labels, frontier: FrontierParams, *, seed: int
) -> JointPoints:
    """Draw all arms of one rate jointly.

    Args:
        requests: the rows of the rate, of `frontier_rows`.
        labels: what each model would have got for each prompt.
        frontier: level and resamples.
        seed: of the streams of random numbers.
    """
    columns = {name: requests.column(name) for name in _PROMPTS}
    columns |= labels.columns(requests)
    names, widths = list(columns), [table.shape[1] for table in columns.values()]
    values, groups = np.hstack(list(columns.values())), requests.group_ids
    purpose = ("reporting", "frontier", "prompts", requests.rate)
    means, intervals = joint_intervals(
        values,
        groups,
        level=frontier.level,
        resamples=frontier.resamples,
        rng=stream(seed, *purpose),
    )
    ends = np.cumsum(widths)
    parts = {
        name: slice(end - width, end) for name, width, end in zip(names, widths, ends, strict=True)
    }
    points = {name: means.points[part] for name, part in parts.items()}
    draws = {name: means.draws[:, part] for name, part in parts.items()}
    per_run = requests.run_means("e2e_s")
    points["e2e_s"] = _mean_of_runs(requests, "e2e_s")
    rng = stream(seed, "reporting", "frontier", "runs", requests.rate)
    draws["e2e_s"] = _latency_draws(per_run, points["e2e_s"], frontier.resamples, rng)
    return JointPoints(
        requests=requests,
        estimates={name: intervals[part] for name, part in parts.items()},
        points=points,
        draws=draws,
        strong=labels.strong,
        weak=labels.weak,
    )


def _mean_of_runs(requests: Aligned, name: str) -> Floats:
    """Mean over the runs of each arm that have a value, (m,)."""
    means = [[run.mean() for run in runs if run.size] for runs in requests.per_run(name)]
    return np.array([float(np.mean(one)) if one else np.nan for one in means])


def _latency_draws(per_run: Floats, points: Floats, draws: int, rng: np.random.Generator) -> Floats:
    """Joint draws (B, m) of mean latencies; NaN for an arm without a value in every run."""
    if per_run.shape[0] < 2:
        return np.full((draws, per_run.shape[1]), np.nan)
    inverse = 1.0 / per_run
    moved = run_draws(inverse, draws=draws, rng=rng) - inverse.mean(axis=0) + 1.0 / points
    found: Floats = np.where(np.isnan(moved), np.nan, np.inf)
    np.divide(1.0, moved, out=found, where=moved > 0.0)
    return found
