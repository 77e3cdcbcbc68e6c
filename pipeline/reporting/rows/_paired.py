"""Two arms on common random numbers, matched by key, run by run or prompt by prompt."""

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.reporting.rows._measured import METRIC_UNITS, runs_of
from pipeline.reporting.rows._utility import UTILITY_UNIT
from pipeline.statistics import (
    Alternative,
    Estimate,
    detectable_over_clusters,
    detectable_over_runs,
    mcnemar,
    mean_interval,
    paired_columns,
    paired_replication_interval,
    paired_t_pvalue,
    sign_flip_pvalue,
    tail_reason,
)

__all__ = ["GAP_UNITS", "Paired", "PromptPairs", "RunPairs", "paired", "paired_runs"]

GAP_UNITS = {
    name: METRIC_UNITS[name] for name in ("quality", "e2e_s", "e2e_p95_s", "ttft_s", "cost_usd")
} | {"utility": UTILITY_UNIT}
_OVER_PROMPTS = ("quality", "cost_usd")
_QUANTILES = {"e2e_p95_s": ("e2e_s", 0.95)}
_KEY = ["seed", "request_id"]


class Paired(Protocol):
    """What a comparison of a with b answers; every difference is a - b."""

    def estimate(self, *, level: float, resamples: int, rng: np.random.Generator) -> Estimate:
        """The mean difference with its interval."""

    def p_value(
        self, shift: float, alternative: Alternative, *, flips: int, rng: np.random.Generator
    ) -> float | None:
        """P-value of the null that the mean difference is `shift`."""

    def detectable(self, *, margin: float, level: float, power: float) -> float | None:
        """The smallest true difference that shows itself above the margin with that power."""

    def negated(self) -> "Paired":
        """The same comparison as b - a."""


@dataclass(frozen=True)
class RunPairs:
    """One number of each arm per shared run, over the requests that both served.

    Attributes:
        a, b: (r,) in the order of the seeds.
        missing: requests of either arm without a value on both sides.
        refused: why there is no interval, whatever the runs say; None mostly.
    """

    a: NDArray[np.float64]
    b: NDArray[np.float64]
    missing: int
    refused: str | None = None

    def estimate(self, *, level: float, resamples: int, rng: np.random.Generator) -> Estimate:
        found = paired_replication_interval(self.a, self.b, level=level)
        found = replace(found, missing=self.missing)
        if self.refused is None:
            return found
        return replace(found, low=None, high=None, method=f"degenerate: {self.refused}")

    def p_value(
        self, shift: float, alternative: Alternative, *, flips: int, rng: np.random.Generator
    ) -> float | None:
        if self.refused is not None:
            return None
        return paired_t_pvalue(self.a, self.b, shift, alternative)

    def detectable(self, *, margin: float, level: float, power: float) -> float | None:
        if self.refused is not None or paired_t_pvalue(self.a, self.b) is None:
            return None
        return detectable_over_runs(self.a - self.b, margin=margin, level=level, power=power)

    def negated(self) -> "RunPairs":
        return replace(self, a=self.b, b=self.a)


@dataclass(frozen=True)
class PromptPairs:
    """One number of each arm per shared request, in clusters of prompts.

    Attributes:
        a, b: (n,) in the order of the keys.
        group_ids: (n,) cluster of each.
        missing: requests of either arm without a value on both sides.
    """

    a: NDArray[np.float64]
    b: NDArray[np.float64]
    group_ids: NDArray[np.object_]
    missing: int

    def estimate(self, *, level: float, resamples: int, rng: np.random.Generator) -> Estimate:
        return mean_interval(
            self.a - self.b,
            self.group_ids,
            level=level,
            resamples=resamples,
            rng=rng,
            missing=self.missing,
        )

    def p_value(
        self, shift: float, alternative: Alternative, *, flips: int, rng: np.random.Generator
    ) -> float | None:
        return sign_flip_pvalue(
            self.a - self.b,
            self.group_ids,
            shift=shift,
            alternative=alternative,
            flips=flips,
            rng=rng,
        )

    def detectable(self, *, margin: float, level: float, power: float) -> float | None:
        return detectable_over_clusters(
            self.a - self.b, self.group_ids, margin=margin, level=level, power=power
        )

    def negated(self) -> "PromptPairs":
        return replace(self, a=self.b, b=self.a)

    def exact_pvalue(self) -> float | None:
        """Two-sided P-value of McNemar's test (1947), a cross-check of the sign flips.

        None where a value is neither 0 nor 1, or where a cluster has several pairs: the test
        takes pairs as independent.
        """
        both = np.concatenate([self.a, self.b])
        if np.unique(self.group_ids).size < self.group_ids.size or not np.isin(both, (0, 1)).all():
            return None
        return mcnemar(self.a, self.b)


def paired(a: pl.DataFrame, b: pl.DataFrame, metric: str) -> RunPairs | PromptPairs:
    """Match two arms by (seed, request_id), never by row order.

    Quality and cost vary over prompts and are matched request by request. Latencies and utility,
    which contains one, vary over runs: see `paired_runs`.

    Args:
        a, b: rows of `measured`, one arm each, in one traffic at one rate.
        metric: a key of GAP_UNITS, which has its unit; a column of the rows, or e2e_p95_s.
    """
    if metric not in _OVER_PROMPTS:
        return paired_runs(a, b, metric)
    group_ids, values, _ = paired_columns({"a": a, "b": b}, _KEY, metric)
    known = ~np.isnan(values).any(axis=1)
    left, right = values[known].T
    return PromptPairs(left, right, group_ids[known], int((~known).sum()))


def paired_runs(a: pl.DataFrame, b: pl.DataFrame, metric: str) -> RunPairs:
    """One number per shared run: the mean, or the 95th percentile for e2e_p95_s.

    A percentile with fewer than 10 requests beyond it in some run is `refused`.
    """
    column, quantile = _QUANTILES.get(metric, (metric, None))
    one, other = (side.select(*_KEY, column).drop_nulls() for side in (a, b))
    both = one.join(other, on=_KEY, suffix="_b", maintain_order="left")
    keys = pl.concat([a.select(_KEY), b.select(_KEY)]).unique().height
    left, right = runs_of(both, column), runs_of(both, f"{column}_b")
    refused = None if quantile is None else tail_reason([run.size for run in left], quantile)
    return RunPairs(
        _per_run(left, quantile), _per_run(right, quantile), keys - both.height, refused
    )


def _per_run(runs: list[NDArray[np.float64]], quantile: float | None) -> NDArray[np.float64]:
    one = [run.mean() if quantile is None else np.quantile(run, quantile) for run in runs]
    return np.array(one, dtype=np.float64)
