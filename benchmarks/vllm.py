"""Simulated against live: a real vLLM on this CPU, under a workload its profile never saw.

    python -m benchmarks.vllm [--sizes tiny,small] [--fresh]

For each of two random-initialised models: profile the server as `routebalance fleet profile` does,
simulate lognormal lengths at 40 % and 70 % of the simulated capacity, send the same requests to the
real server, and compare mean TTFT, TPOT and E2E. Passes of the profile and of the other workload
alternate, in six rounds. The engine computes on one core, and shares it with whatever the other
has no room for. A quarter of an hour, on a machine that does nothing else; what was measured stays
in .cache/vllm-cpu/measured, and only what is missing there is measured.
"""

import argparse
import shutil
from typing import Any

import numpy as np
import polars as pl

from benchmarks._report import finish
from benchmarks._vllm_measure import LOADS, ROUNDS, Kept, fitted, limits_of, measure
from benchmarks._vllm_server import SIZES, serving
from pipeline.fleet.live import (
    LiveFit,
    Measured,
    mean_errors,
    measured_runs,
    pooled,
    read_live,
    simulated,
)
from pipeline.fleet.telemetry import Histogram, Interval, difference, parse_metrics

METRICS = ("ttft", "tpot", "e2e")
SERVER_METRICS = ("ttft", "itl", "e2e", "queue")


def compare(kept: Kept) -> dict[str, Any]:
    """Simulate the unseen workload; signed percent per load, and what the server said itself."""
    fit, limits = fitted(kept), limits_of(kept)
    runs = measured_runs(pl.concat([read_live(kept.unseen(number)) for number in ROUNDS]))
    ours = [simulated(run, fit, limits) for run in runs]
    loads = {f"{load:g}": _load(runs, ours, f"{load:g} of") for load in LOADS}
    return {"loads": loads, "server": _telemetry(kept), "fit": _coefficients(fit)}


def _load(runs: list[Measured], ours: list[Measured], prefix: str) -> dict[str, Any]:
    """Errors of the means over all rounds at one load, and the range of the single rounds."""
    pairs = [pair for pair in zip(runs, ours, strict=True) if pair[0].name.startswith(prefix)]
    rounds = [_errors(run, sim) for run, sim in pairs]
    [real], [sim] = (pooled(list(of_one)) for of_one in zip(*pairs, strict=True))
    errors = _errors(real, sim)
    figures: dict[str, Any] = {"requests": real.sent.size}
    for metric in METRICS:
        singles = [of_one[metric] for of_one in rounds]
        figures[f"{metric}_mean_err"] = round(errors[metric], 2)
        figures[f"{metric}_live_ms"] = _mean(real, metric)
        figures[f"{metric}_simulated_ms"] = _mean(sim, metric)
        figures[f"{metric}_rounds"] = [round(min(singles), 2), round(max(singles), 2)]
    return figures


def _errors(run: Measured, sim: Measured) -> dict[str, float]:
    return mean_errors(run, sim, np.ones(run.sent.size, bool))


def _mean(run: Measured, metric: str) -> float:
    return round(1e3 * float(np.nanmean(getattr(run, metric))), 2)


def _telemetry(kept: Kept) -> dict[str, Any]:
    """The server's own means over the unseen workload of all rounds, from its /metrics."""
    pages = [[parse_metrics(page.read_text()) for page in kept.pages(n)] for n in ROUNDS]
    gained = [difference(after, before) for before, after in pages]
    figures = {f"{name}_mean_ms": _mean_ms(gained, name) for name in SERVER_METRICS}
    known = [interval.preemptions for interval in gained if interval.preemptions is not None]
    preemptions = sum(known) if len(known) == len(gained) else None
    return {"kv_tokens": pages[-1][1].kv_tokens, "preemptions": preemptions} | figures


def _mean_ms(gained: list[Interval], name: str) -> float | None:
    seen: list[Histogram | None] = [getattr(interval, name) for interval in gained]
    known = [histogram for histogram in seen if histogram is not None]
    count = sum(histogram.count for histogram in known)
    if len(known) < len(seen) or not count:
        return None
    return round(1e3 * sum(histogram.total for histogram in known) / count, 2)


def _coefficients(fit: LiveFit) -> dict[str, float]:
    step = fit.step
    named = {"a": step.curve[0], "b": step.b, "p": step.p, "c": step.c, "d": step.d, "q": step.q}
    named["overhead_ms"] = 1e3 * fit.overhead_s
    return {name: float(f"{value:.4g}") for name, value in named.items()}


def say(size: str, found: dict[str, Any]) -> None:
    """Print the table of one size."""
    for load, figures in found["loads"].items():
        print(f"{size}, {load} of capacity, {figures['requests']} requests:")
        for metric in METRICS:
            low, high = figures[f"{metric}_rounds"]
            print(
                f"  mean {metric.upper():4}  live {figures[f'{metric}_live_ms']:8.1f} ms"
                f"  simulated {figures[f'{metric}_simulated_ms']:8.1f} ms"
                f"  {figures[f'{metric}_mean_err']:+6.1f} %  (rounds {low:+.1f} to {high:+.1f})"
            )
    print(f"  the server's own figures (live): {found['server']}", flush=True)


def main() -> None:
    """Measure what is missing, compare, and print one JSON object last."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", default=",".join(SIZES))
    parser.add_argument("--fresh", action="store_true", help="measure everything again")
    asked = parser.parse_args()
    if asked.fresh:
        shutil.rmtree(Kept("").folder, ignore_errors=True)
    figures: dict[str, Any] = {"label": "simulated against live"}
    for size in asked.sizes.split(","):
        kept = Kept(size)
        if not kept.complete:
            with serving(size) as url:
                measure(url, kept)
        figures[size] = compare(kept)
        say(size, figures[size])
    finish(figures)


if __name__ == "__main__":
    main()
