"""Speed of the virtual clock: `python -m benchmarks.simulator`. Everything printed is simulated.

The cell is the published one, 3,534 requests at 30 requests/s on the 13 instances of params.yaml,
engine only: instances are drawn beforehand, so no router runs. The plain state machine serves the
same cell as the named baseline. One replica of the 7B tier serves the chat lengths of the Azure
trace beside the figures that other simulators gave for them.
"""

import argparse
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from benchmarks._report import finish
from pipeline.fleet import Fleet, Instance, Limits, Replay, Sequence, StepTime, replay
from pipeline.params import FleetParams, load_params
from pipeline.streams import stream

CELL, RATE = 3534, 30.0
# Two thousand requests on one A30 with Qwen2-7B, chunks of 512 tokens and at most 128 sequences:
# mean E2E in seconds at 1 and 4 requests/s, and requests/s of simulation, as other tools gave them.
# Their lengths were those of the same trace, but not this draw of it.
A30_7B = StepTime.roofline(w=20.36, c=0.0975, e=8.71, f=0.1235, d=5.81e-5, q=1.06e-5)
PEERS = {
    "Vidur, linear regression": (3.84, 14.49, "110-1,200"),
    "Vidur, random forest": (5.34, 15.06, "180-1,200"),
    "plain event loop": (5.13, 14.37, "3,700-5,100"),
}


@dataclass(frozen=True)
class Work:
    """Requests with their instances; arrays of (n,), seconds and tokens."""

    instances: NDArray[np.int64]
    arrivals: NDArray[np.float64]
    prompt: NDArray[np.int64]
    output: NDArray[np.int64]


@dataclass(frozen=True)
class Machines:
    """Step times and limits, one per instance."""

    steps: list[StepTime]
    limits: list[Limits]

    def serve(self, work: Work) -> Replay:
        """Replay on the compiled fleet."""
        arguments = (work.instances, work.arrivals, work.prompt, work.output)
        return replay(self.steps, self.limits, *arguments)


def machines(params: FleetParams, instances: int) -> Machines:
    """So many instances, the declared ones over and over."""
    fleet = Fleet.of(params)
    engines = [fleet.step_and_limits(i % len(fleet.names)) for i in range(instances)]
    return Machines([step for step, _ in engines], [limits for _, limits in engines])


def drawn(n: int, rate: float, instances: int) -> Work:
    """Poisson arrivals and lognormal lengths, 110 prompt and 151 output tokens in the mean."""
    rng = stream(1, "benchmark", n, instances)
    prompt, output = (mean * rng.lognormal(-0.32, 0.8, n) for mean in (110, 151))
    return Work(
        rng.integers(0, instances, n),
        np.cumsum(rng.exponential(1 / rate, n)),
        np.maximum(1, prompt.round()).astype(np.int64),
        np.maximum(1, output.round()).astype(np.int64),
    )


def chat(folder: Path, n: int, rate: float) -> Work:
    """Poisson arrivals with the lengths of the Azure chat trace, at most 4,096 tokens in all."""
    rows = pl.read_parquet(folder / "traces" / "azure2023_conv_0_2700s.parquet")
    rows = rows.filter(pl.col("input_tokens") + pl.col("output_tokens") <= 4096).head(n)
    arrivals = np.cumsum(stream(1, "chat", rate).exponential(1 / rate, n))
    prompt, output = (rows[name].to_numpy() for name in ("input_tokens", "output_tokens"))
    return Work(np.zeros(n, np.int64), arrivals, prompt, output)


def best_of(times: int, work: Callable[[], object]) -> float:
    """Shortest wall time of several runs, seconds."""
    found = math.inf
    for _ in range(times):
        begun = time.perf_counter()
        work()
        found = min(found, time.perf_counter() - begun)
    return found


def plain(machines: Machines, work: Work) -> None:
    """Serve the same work one iteration at a time."""
    engines = [
        Instance(step, *limits)
        for step, limits in zip(machines.steps, machines.limits, strict=True)
    ]
    for k, at in enumerate(work.arrivals):
        sequence = Sequence(k, int(work.prompt[k]), int(work.output[k]), 1.0, float(at))
        engines[work.instances[k]].submit(sequence, float(at))
    for engine in engines:
        engine.advance(math.inf)


def growth(params: FleetParams, sizes: list[tuple[int, int]]) -> list[dict[str, float]]:
    """Speed for (requests, instances), each instance under the load of the published cell."""
    rows = []
    for n, count in sizes:
        fleet, work = machines(params, count), drawn(n, RATE * count / 13, count)
        seconds = best_of(3 if n <= 10_000 else 1, partial(fleet.serve, work))
        steps = fleet.serve(work).iterations
        rows.append(
            {
                "requests": n,
                "instances": count,
                "seconds": seconds,
                "requests_per_s": n / seconds,
                "iterations_per_s": steps / seconds,
            }
        )
        print(
            f"{n:>9,} requests  {count:>5,} instances  {seconds:8.3f} s  "
            f"{n / seconds:>10,.0f} requests/s  {steps / seconds:>12,.0f} iterations/s"
        )
    return rows


def one_replica(folder: Path) -> list[dict[str, float]]:
    """Mean E2E of the chat workload on one 7B replica, at 1 and 4 requests/s."""
    fleet = Machines([A30_7B], [Limits(139_000, 128, 512)])
    rows = []
    for rate in (1.0, 4.0):
        work = chat(folder, 2000, rate)
        seconds = best_of(3, partial(fleet.serve, work))
        e2e = float((fleet.serve(work).done - work.arrivals).mean())
        rows.append({"rate": rate, "mean_e2e_s": e2e, "requests_per_s": 2000 / seconds})
    print("one 7B replica, 2,000 chat requests, mean E2E s at 1 and 4/s:")
    print(
        f"  {'ours':26} {rows[0]['mean_e2e_s']:6.2f} {rows[1]['mean_e2e_s']:6.2f}  "
        f"{rows[0]['requests_per_s']:,.0f}-{rows[1]['requests_per_s']:,.0f} requests/s"
    )
    for name, (low, high, speed) in PEERS.items():
        print(f"  {name:26} {low:6.2f} {high:6.2f}  {speed} requests/s (published, other machine)")
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--small", action="store_true", help="leave out 10^6 requests")
    options = parser.parse_args()
    params = load_params(Path("params.yaml")).base.fleet
    fleet, cell = machines(params, 13), drawn(CELL, RATE, 13)
    fleet.serve(cell)  # compiles, or loads what was compiled
    seconds = best_of(10, partial(fleet.serve, cell))
    iterations = fleet.serve(cell).iterations
    slow = best_of(1, partial(plain, fleet, cell))
    print(f"cell of {CELL:,} requests on 13 instances: {1e3 * seconds:.1f} ms, engine only, 1 core")
    print(f"plain state machine, same cell: {slow:.2f} s, {slow / seconds:.0f} times as long")
    sizes = [(1_000, 13), (10_000, 13), (100_000, 13), (1_000_000, 13), (100_000, 100)]
    sizes += [(100_000, 1_000)]
    grown = growth(params, [size for size in sizes if not options.small or size[0] < 1_000_000])
    finish(
        {
            "label": "simulated",
            "requests_per_s": CELL / seconds,
            "iterations_per_s": iterations / seconds,
            "ratio_plain": slow / seconds,
            "growth": grown,
            "one_replica": one_replica(options.data) if options.data.is_dir() else None,
        }
    )


if __name__ == "__main__":
    main()
