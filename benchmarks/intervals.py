"""Time of all intervals of a sweep: `python -m benchmarks.intervals`. Everything is synthetic.

The paired BCa intervals, 10,000 resamples, of the 287 cells of the published grid with 3,534
requests each: one column of paired differences of graded quality per cell over the same prompts,
clustered as the published questions are (about 585 questions share 577 passages, the other prompts
stand alone). It times joint resampling of clusters, from the scores to the bounds.

Two named baselines in the same run: a numpy loop over 2,000 resamples of one cell (draw rows, take,
mean; percentile, so it does less), and `scipy.stats.bootstrap` with BCa, vectorised, on the rows of
two cells with all resamples, so that its jackknife weighs as in ours. Neither knows clusters.
Ratios compare the time per resample and cell. `--small` takes fewer cells and resamples.
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks._report import finish
from pipeline.statistics import Estimate, mean_intervals
from pipeline.streams import stream

LEVEL = 0.95
QUESTIONS, PASSAGES = 585, 577
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Size:
    """How much one run measures; the baselines take fewer cells, the loop also fewer resamples."""

    cells: int
    requests: int
    resamples: int
    loop_resamples: int
    scipy_cells: int
    repeats: int


FULL = Size(287, 3534, 10_000, 2000, 2, 5)
SMALL = Size(20, 1200, 1000, 300, 1, 2)


def sweep(size: Size) -> tuple[Floats, NDArray[np.int64]]:
    """Differences of graded scores, (requests, cells), and the cluster of each request."""
    rng = stream(1, "benchmark", "intervals")
    group = np.arange(size.requests)
    # The last questions are asked about passages that have had one.
    group[PASSAGES:QUESTIONS] = rng.integers(0, PASSAGES, QUESTIONS - PASSAGES)
    luck = rng.normal(0.0, 0.1, size.requests)[group]
    scores = rng.random((2, size.requests, size.cells)) + luck[:, None]
    graded = np.rint(10.0 * np.clip(scores, 0.0, 1.0)) / 10.0
    return graded[0] - graded[1], group


def seconds(work: Callable[[], object], repeats: int) -> float:
    """Shortest of the repeats: whatever else runs only adds time."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def numpy_loop(values: Floats, resamples: int) -> Floats:
    """Percentile bounds of one cell, one resample at a time."""
    rng = np.random.default_rng(2)
    means = np.empty(resamples)
    for i in range(resamples):
        means[i] = values.take(rng.integers(0, values.size, values.size)).mean()
    bounds: Floats = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return bounds


def scipy_bca(values: Floats, resamples: int) -> Floats:
    """BCa bounds of one cell by scipy, vectorised."""
    from scipy import stats

    found = stats.bootstrap(
        (values,), np.mean, n_resamples=resamples, confidence_level=LEVEL, method="BCa",
        vectorized=True, batch=100, rng=np.random.default_rng(3),
    ).confidence_interval  # fmt: skip
    return np.array([found.low, found.high])


def main() -> None:
    """Print the times and what the intervals of one cell are, then the figures as JSON."""
    parser = argparse.ArgumentParser(description="Time of all intervals of a sweep.")
    parser.add_argument("--small", action="store_true", help="fewer cells and resamples")
    size = SMALL if parser.parse_args().small else FULL
    values, group = sweep(size)

    def ours() -> list[Estimate]:
        rng = np.random.default_rng(1)
        return mean_intervals(values, group, level=LEVEL, resamples=size.resamples, rng=rng)

    told = ours()  # also compiles, or loads what was compiled
    found = seconds(ours, size.repeats)
    each = found / (size.resamples * size.cells)
    cell = np.ascontiguousarray(values[:, 0])
    loop = seconds(lambda: numpy_loop(cell, size.loop_resamples), 3) / size.loop_resamples
    cells = [np.ascontiguousarray(column) for column in values.T[: size.scipy_cells]]
    scipy = seconds(lambda: [scipy_bca(one, size.resamples) for one in cells], 2)
    scipy /= size.resamples * size.scipy_cells
    print(
        f"{size.cells} cells x {size.requests:,} requests in {told[0].clusters:,} clusters, "
        f"{size.resamples:,} resamples, BCa, synthetic scores: {found:.2f} s"
    )
    print(f"numpy loop of one cell: {loop / each:.0f} times the time per resample and cell")
    print(f"scipy.stats.bootstrap, BCa: {scipy / each:.0f} times")
    low, high = scipy_bca(cell, size.resamples)
    print(
        f"  first cell, clusters {told[0].low:.4f} {told[0].high:.4f}, scipy {low:.4f} {high:.4f}"
    )
    finish(
        {
            "label": "synthetic",
            "cells": size.cells,
            "requests": size.requests,
            "clusters": told[0].clusters,
            "resamples": size.resamples,
            "seconds": found,
            "ratio_numpy_loop": loop / each,
            "ratio_scipy": scipy / each,
        }
    )


if __name__ == "__main__":
    main()
