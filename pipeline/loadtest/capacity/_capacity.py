"""The highest rate that still meets an SLO: searched under every seed, with an interval."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import polars as pl

from pipeline.errors import ParamsError
from pipeline.loadtest._cell import Cell
from pipeline.loadtest.capacity._search import Bracket, last_step
from pipeline.params import ClosedParams, LimitParams, LoadtestParams
from pipeline.reporting.frontier import met_by_run
from pipeline.reporting.rows import measured, tpot
from pipeline.statistics import Estimate, attainment, replication_interval

__all__ = ["Capacity", "Ladder", "SeedCapacity", "check_open", "find_capacity", "share_met"]

Serve = Callable[[Cell], pl.DataFrame]

_FACTOR = 2.0
_FEWEST_CELLS = 4


@dataclass(frozen=True, slots=True)
class Ladder:
    """Rates, requests/s, at equal ratios around one to start from.

    Attributes:
        start: rate of step 0.
        precision: each step is so much above the one below it, for example 0.02.
        reach: the ends are so many times above and below the start.
    """

    start: float
    precision: float = 0.02
    reach: float = 64.0

    def rate(self, step: int) -> float:
        """Rate of a step, to six digits."""
        return float(f"{self.start * (1 + self.precision) ** step:.6g}")

    def steps(self, factor: float) -> int:
        """How many steps make up a factor."""
        return max(1, round(math.log(factor) / math.log1p(self.precision)))


@dataclass(frozen=True, slots=True)
class SeedCapacity:
    """Of one seed: the highest rate that was seen to meet the SLO, and a higher one that did not.

    Attributes:
        seed: of the random numbers.
        low, high: requests/s; None where the search found none.
        closed: whether high is the rate next to low; else the cells ran out on the way.
    """

    seed: int
    low: float | None
    high: float | None
    closed: bool


@dataclass(frozen=True)
class Capacity:
    """What a search found.

    Attributes:
        estimate: mean over seeds of the highest rate that met the SLO, requests/s; none where a
            seed has no such rate, or none above it that did not.
        seeds: the bracket of every seed.
        curve: rate, seeds (how many were tried there) and attainment (their mean share).
        cells: how many cells were looked at.
        label: where the rows come from.
    """

    estimate: Estimate
    seeds: list[SeedCapacity]
    curve: pl.DataFrame
    cells: int
    label: str


def check_open(params: LoadtestParams, traffic: str) -> None:
    """Refuse a traffic whose rate cannot be varied.

    Raises:
        ParamsError: users who wait for their answers set the rate themselves.
    """
    if isinstance(params.shape(traffic).arrivals, ClosedParams):
        raise ParamsError(
            f"traffic {traffic} is a closed loop, whose users set the rate; an open one is accepted"
        )


def share_met(rows: pl.DataFrame, slo: LimitParams) -> float:
    """Share of all measured requests of one run that were served within the SLO.

    Times count from the schedule. A request that asks for times of its own is held to these. Failed
    and refused requests are misses.

    Args:
        rows: REQUESTS rows of one cell.
        slo: limits, s.

    Raises:
        ParamsError: neither the SLO nor a request names a limit.
    """
    own = rows.select(pl.any_horizontal(pl.col("ttft_slo_s", "tpot_slo_s").is_not_null()))
    named = any(limit is not None for limit in (slo.ttft_s, slo.tpot_s, slo.e2e_s))
    if not named and not own.to_series().any():
        raise ParamsError(
            "no SLO is named, so every rate meets it; give --ttft, --tpot or --e2e, or "
            "loadtest.objectives"
        )
    view = measured(rows, traffic=None).with_columns(tpot().alias("tpot_s"))
    [met] = met_by_run(view, slo)
    share = attainment(met)
    assert share is not None, "a cell measures at least one request"
    return share


def find_capacity(
    serve: Serve,
    arm: str,
    traffic: str,
    seeds: Sequence[int],
    slo: LimitParams,
    *,
    least: float,
    ladder: Ladder,
    budget: int,
    fewest: int,
    seconds: float,
    level: float = 0.95,
) -> Capacity:
    """Search the highest rate at which at least a share of all requests meets the SLO.

    Every seed is searched on its own, at rates that share its random numbers: a higher rate brings
    the same requests closer together. So one seed gives one number, and the interval is over seeds.

    Args:
        serve: REQUESTS rows of a cell.
        arm, traffic, seeds: what is served.
        slo: limits, s; a request's own come first.
        least: share that has to meet it.
        ladder: rates that are tried.
        budget: most cells in all; each seed has an equal part.
        fewest: requests of a cell, at least.
        seconds: that a cell lasts, at least: a short burst fits into the queues of any fleet.
        level: of the interval.

    Raises:
        ParamsError: the budget is too small, or no limit is named.
    """
    each = budget // len(seeds)
    if each < _FEWEST_CELLS:
        raise ParamsError(
            f"{budget} cells for {len(seeds)} seeds are too few; at least "
            f"{_FEWEST_CELLS * len(seeds)} are accepted (--budget-cells)"
        )
    tried: list[tuple[float, float]] = []
    labels: set[str] = set()

    def meets(seed: int, step: int) -> bool:
        rate = ladder.rate(step)
        requests = max(fewest, math.ceil(rate * seconds))
        cell = Cell(arm, rate, seed, traffic, ladder.start, requests)
        rows = serve(cell)
        labels.update(rows["label"].unique())
        share = share_met(rows, slo)
        tried.append((cell.rate, share))
        return share >= least

    reach, stride = ladder.steps(ladder.reach), ladder.steps(_FACTOR)
    found = [
        _of_seed(seed, ladder, last_step(partial(meets, seed), stride, -reach, reach, each))
        for seed in seeds
    ]
    return Capacity(
        _over_seeds(found, level),
        found,
        _curve(tried),
        len(tried),
        " + ".join(sorted(labels)),
    )


def _of_seed(seed: int, ladder: Ladder, bracket: Bracket) -> SeedCapacity:
    low, high = (
        None if step is None else ladder.rate(step) for step in (bracket.low, bracket.high)
    )
    return SeedCapacity(seed, low, high, bracket.closed)


def _over_seeds(found: list[SeedCapacity], level: float) -> Estimate:
    known = [one.low for one in found if one.low is not None and one.high is not None]
    estimate = replication_interval(known, level=level).within(0.0, math.inf)
    missing = len(found) - len(known)
    if not missing:
        return estimate
    # Seeds without an end are the best or the worst ones; a mean of the others would be biased.
    reason = f"degenerate: {missing} of {len(found)} seeds have no bracket around their capacity"
    return replace(estimate, estimate=None, low=None, high=None, method=reason, missing=missing)


def _curve(tried: list[tuple[float, float]]) -> pl.DataFrame:
    columns = {"rate": pl.Float64, "attainment": pl.Float64}
    return (
        pl.DataFrame(tried, schema=columns, orient="row")
        .group_by("rate")
        .agg(pl.len().alias("seeds"), pl.col("attainment").mean())
        .sort("rate")
    )
