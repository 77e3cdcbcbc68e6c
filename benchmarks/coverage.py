"""Do intervals cover what they promise? `python -m benchmarks.coverage`. Everything is simulated.

Every study draws data whose truth is known, makes the interval that the report would print, and
counts how often it holds the truth; nominal is 95 %. The iid bootstrap of one run, which many
reports use for latencies, stands beside the others as the named baseline. `--small` repeats less.
"""

import argparse
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from benchmarks._queue import long_run, runs
from benchmarks._report import finish
from pipeline.progress import say
from pipeline.statistics import (
    Estimate,
    block_interval,
    hierarchical_interval,
    holm,
    hypervolume,
    hypervolumes,
    interval_of_draws,
    joint_means,
    latency_interval,
    mean_interval,
    paired_replication_interval,
    paired_t_pvalue,
    replication_interval,
    run_draws,
)
from pipeline.streams import stream

LEVEL, RESAMPLES = 0.95, 2000
REQUESTS, WARMUP = 3534, 360
LOADS = (0.5, 0.8, 0.9)
Floats = NDArray[np.float64]
Rng = np.random.Generator


@dataclass(frozen=True)
class Study:
    """One interval, the truth it should hold, and what draws data and makes the interval.

    A slow one is repeated a quarter as often.
    """

    name: str
    truth: float
    interval: Callable[[Rng], Estimate]
    slow: bool = False


@dataclass(frozen=True)
class Found:
    """Share of the repetitions whose interval held the truth, and its standard error."""

    name: str
    share: float
    repetitions: int

    @property
    def error(self) -> float:
        return math.sqrt(self.share * (1 - self.share) / self.repetitions)


def over(studies: list[Study], repetitions: int) -> Iterator[Found]:
    """Repeat every study; an interval that is refused counts as one that does not cover."""
    for study in studies:
        hits, times = 0, repetitions // (4 if study.slow else 1)
        for number in range(times):
            told = study.interval(stream(number, "coverage", study.name))
            if told.low is not None and told.high is not None:
                hits += told.low <= study.truth <= told.high
        yield Found(study.name, hits / times, times)
        say(f"{study.name}: {hits / times:.3f}")


def scores(rng: Rng, clusters: int, arms: int) -> tuple[Floats, NDArray[np.int64]]:
    """Answers that are right or wrong, (n, arms), and the passage of each, (n,): 1 to 5 a passage.

    A passage is easy or hard for all arms; arm a is right in a share .6 + .05 a of the answers.
    """
    sizes = np.minimum(rng.geometric(0.5, clusters), 5)
    group = np.repeat(np.arange(clusters), sizes)
    ease = np.repeat(rng.uniform(-0.3, 0.3, clusters), sizes)
    chance = 0.6 + 0.05 * np.arange(arms) + ease[:, None]
    return (rng.random((group.size, arms)) < chance).astype(np.float64), group


def quality_studies() -> list[Study]:
    """Mean quality of one arm, and the paired difference of two, over clusters of prompts."""

    def mean(rng: Rng, clusters: int) -> Estimate:
        values, group = scores(rng, clusters, 1)
        return mean_interval(values[:, 0], group, level=LEVEL, resamples=RESAMPLES, rng=rng)

    def difference(rng: Rng, clusters: int) -> Estimate:
        values, group = scores(rng, clusters, 2)
        return mean_interval(
            values[:, 1] - values[:, 0], group, level=LEVEL, resamples=RESAMPLES, rng=rng
        )

    kinds = (("mean quality", 0.6, mean), ("paired difference of quality", 0.05, difference))
    return [
        Study(f"{name}, {clusters} clusters", truth, partial(made, clusters=clusters))
        for name, truth, made in kinds
        for clusters in (50, 300)
    ]


def queue_studies() -> list[Study]:
    """Mean and p95 latency of a queue: from independent runs, and from one run in three ways."""
    found = []
    for load in LOADS:
        truths = dict(zip((None, 0.95), long_run(load, stream(0, "long run", load)), strict=True))
        for quantile, truth in truths.items():
            what = f"{'mean' if quantile is None else 'p95'} latency at load {load}"
            for name, interval in _from_runs(load, quantile).items():
                found.append(
                    Study(f"{what}, {name}", truth, interval, "block" in name or "iid" in name)
                )
    return found


_SLOW = ("runs and blocks of 5 runs", "blocks of one run", "iid bootstrap of one run")


def _from_runs(load: float, quantile: float | None) -> dict[str, Callable[[Rng], Estimate]]:
    def value(run: Floats) -> float:
        return float(run.mean() if quantile is None else np.quantile(run, quantile))

    def five(rng: Rng, longer: int = 1) -> list[float]:
        return [value(run) for run in runs(load, longer * REQUESTS, longer * WARMUP, 5, rng)]

    def nested(rng: Rng) -> Estimate:
        told = runs(load, REQUESTS, WARMUP, 5, rng)
        return hierarchical_interval(
            told, quantile=quantile, level=LEVEL, resamples=300, block=100, rng=rng
        )

    def blocks(rng: Rng) -> Estimate:
        [run] = runs(load, REQUESTS, WARMUP, 1, rng)
        return block_interval(run, quantile=quantile, level=LEVEL, resamples=500, rng=rng)

    def iid(rng: Rng) -> Estimate:
        [run] = runs(load, REQUESTS, WARMUP, 1, rng)
        drawn = [value(run[rng.integers(0, run.size, run.size)]) for _ in range(500)]
        low, high = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
        return Estimate(value(run), low, high, LEVEL, "iid bootstrap", run.size, run.size)

    return {
        "5 runs": lambda rng: latency_interval(five(rng), level=LEVEL),
        "5 runs ten times as long": lambda rng: latency_interval(five(rng, 10), level=LEVEL),
        "plain t of 5 runs": lambda rng: replication_interval(five(rng), level=LEVEL),
        "runs and blocks of 5 runs": nested,
        "blocks of one run": blocks,
        "iid bootstrap of one run": iid,
    }


# Four operating points: quality as `scores` has it, E2E in s, cost in units of 1e-5 USD.
E2E, COST = np.array([2.0, 3.0, 4.0, 7.0]), np.array([1.0, 2.0, 3.0, 6.0])
WORST, BEST = np.array([0.0, 20.0, 20.0]), np.array([1.0, 0.0, 0.0])


def hypervolume_studies() -> list[Study]:
    """Hypervolume of four operating points, and what the last of them adds: joint draws."""
    truth = np.column_stack([0.6 + 0.05 * np.arange(4), E2E, COST])

    def drawn(rng: Rng) -> tuple[Floats, Floats]:
        values, group = scores(rng, 300, 4)
        cost = COST * rng.lognormal(-0.125, 0.5, (group.size, 1))
        prompts = joint_means(np.hstack([values, cost]), group, resamples=RESAMPLES, rng=rng)
        shared = rng.normal(0.0, 0.05, (5, 1))
        per_run = E2E * (1 + shared + rng.normal(0.0, 0.02, (5, 4)))
        e2e = run_draws(per_run, draws=RESAMPLES, rng=rng)
        point = np.column_stack([prompts.points[:4], per_run.mean(axis=0), prompts.points[4:]])
        return point, np.stack([prompts.draws[:, :4], e2e, prompts.draws[:, 4:]], axis=2)

    def volume(rng: Rng) -> Estimate:
        point, draws = drawn(rng)
        told = hypervolumes(draws, worst=WORST, best=BEST)
        return _of(hypervolume(point, worst=WORST, best=BEST), told)

    def gain(rng: Rng) -> Estimate:
        point, draws = drawn(rng)
        whole, part = (hypervolume(told, worst=WORST, best=BEST) for told in (point, point[:3]))
        drawn_whole, drawn_part = (
            hypervolumes(told, worst=WORST, best=BEST) for told in (draws, draws[:, :3])
        )
        return _of(whole - part, drawn_whole - drawn_part)

    whole = hypervolume(truth, worst=WORST, best=BEST)
    part = hypervolume(truth[:3], worst=WORST, best=BEST)
    return [
        Study("hypervolume", whole, volume),
        Study("difference of hypervolume", whole - part, gain),
    ]


def _of(point: float, draws: Floats) -> Estimate:
    return interval_of_draws(point, draws, level=LEVEL, method="joint draws", n=300, clusters=300)


def pair_studies() -> list[Study]:
    """Two arms on common random numbers: paired t over five runs."""

    def paired(rng: Rng) -> Estimate:
        shared = rng.lognormal(0.0, 0.3, 5)
        a, b = (level * shared * rng.lognormal(0.0, 0.05, 5) for level in (1.1, 1.0))
        return paired_replication_interval(a, b, level=LEVEL)

    return [Study("paired difference of 5 replications", 0.1 * math.exp(0.045 + 0.00125), paired)]


def family_wise_error(repetitions: int) -> Found:
    """Share of families of nine true nulls on correlated runs in which Holm rejects any."""
    hits = 0
    for number in range(repetitions):
        rng = stream(number, "coverage", "holm")
        base = rng.normal(size=5)
        found = [paired_t_pvalue(base + rng.normal(size=5), base) for _ in range(3)]
        both = rng.normal(size=5)
        found += [paired_t_pvalue(both + 0.5 * rng.normal(size=5), np.zeros(5)) for _ in range(6)]
        hits += bool((holm([1.0 if p is None else p for p in found]) < 1 - LEVEL).any())
    return Found("Holm, any false rejection", hits / repetitions, repetitions)


def main() -> None:
    """Print one line per study, then the figures as one JSON object."""
    parser = argparse.ArgumentParser(description="Coverage of the intervals, simulated.")
    parser.add_argument("--small", action="store_true", help="forty repetitions")
    small = parser.parse_args().small
    times = 40 if small else 1000
    studies = [*quality_studies(), *pair_studies(), *hypervolume_studies(), *queue_studies()]
    found = [*over(studies, times), family_wise_error(2 * times)]
    print(f"nominal {LEVEL:.0%}; simulated")
    for one in found:
        print(f"{one.name:64} {one.share:.3f} +- {one.error:.3f} of {one.repetitions}")
    finish({"repetitions": times, "coverage": {one.name: round(one.share, 4) for one in found}})


if __name__ == "__main__":
    main()
