"""Wall clock: how late the emulated fleet writes its tokens, and what request rate it can stand.

    python -m benchmarks.emulator

serves the 13 instances of params.yaml in a process of their own, offers Poisson arrivals with the
lengths of ShareGPT, and raises the rate until the 99th percentile of the token lag exceeds 5 ms or
a request fails. The lag of a token is from its engine time on the wall clock to the moment after
its bytes were written to the socket. Requests go to the instances in turn, so every instance gets
the same rate. Beyond what the emulated engines can serve their queues grow, and the rate says what
the emulator stands, not what the fleet would serve.
"""

import argparse
import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from benchmarks._emulator_client import Client, post_bytes
from pipeline.fleet.server import lag_quantile
from pipeline.params import load_fleet
from pipeline.streams import stream

LAG_LIMIT_MS = 5.0
GROWTH = 1.25
SEED = 1


@dataclass(frozen=True)
class Lengths:
    """Prompt and output tokens of requests, both (n,), and where they come from."""

    source: str
    prompt: NDArray[np.int64]
    output: NDArray[np.int64]


@dataclass(frozen=True)
class Reading:
    """The server's own account at one moment: lag counts by bin, CPU and wall time, s."""

    counts: NDArray[np.int64]
    cpu_s: float
    at: float


@dataclass(frozen=True)
class Window:
    """What was measured at one rate. Lags in ms, CPU as a share of one core."""

    rate: float
    tokens_per_s: float
    lag_p50_ms: float
    lag_p99_ms: float
    lag_max_ms: float
    server_cpu: float
    client_cpu: float
    late_p99_ms: float
    failed: int

    @property
    def stood(self) -> bool:
        """Whether the emulator kept up."""
        return self.lag_p99_ms <= LAG_LIMIT_MS and not self.failed


def read_lengths(file: Path, n: int) -> Lengths:
    """Draw n pairs of lengths from a trace, or from lognormals of its medians without one."""
    draws = stream(SEED, "benchmark", "lengths")
    if not file.exists():
        prompt, output = (np.exp(draws.normal(np.log(m), s, n)) for m, s in ((45, 1.5), (230, 0.9)))
        return Lengths(
            "lognormal",
            prompt.astype(np.int64).clip(1, 4000),
            output.astype(np.int64).clip(3, 2000),
        )
    rows = pl.read_parquet(file)
    picked = draws.integers(0, rows.height, n)
    return Lengths(
        file.stem,
        rows["input_tokens"].to_numpy()[picked].astype(np.int64),
        rows["output_tokens"].to_numpy()[picked].astype(np.int64),
    )


@contextmanager
def emulated(params: Path) -> Iterator[list[str]]:
    """Serve the fleet in another process; yield the URL of every instance."""
    code = "from pipeline.cli import main; main()"
    with tempfile.TemporaryDirectory() as folder:
        written = Path(folder) / "fleet.yaml"
        command = [sys.executable, "-c", code, "fleet", "up", str(params), "--port", "0"]
        process = subprocess.Popen([*command, "--write", str(written)], stdout=subprocess.DEVNULL)
        try:
            while not written.exists():
                if process.poll() is not None:
                    raise SystemExit("the emulator did not come up")
                time.sleep(0.1)
            yield list(load_fleet(written).endpoints.values())
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


def read_server(url: str) -> Reading:
    """Ask the server how late it has been so far."""
    with urllib.request.urlopen(f"{url}/emulator") as answer:
        said = json.load(answer)
    counts = np.zeros(1000, np.int64)
    for index, count in said["lag_counts"].items():
        counts[int(index)] = count
    return Reading(counts, said["cpu_s"], time.monotonic())


async def measure(
    client: Client, url: str, lengths: Lengths, rate: float, settle_s: float, window_s: float
) -> Window:
    """Offer a rate; measure after `settle_s`, for `window_s`. What is in flight stays so."""
    # Of one stream for all rates, so that every rate meets the same requests in the same order.
    gaps = stream(SEED, "benchmark", "arrivals").exponential(1, int((settle_s + window_s) * rate))
    arrivals = np.cumsum(gaps) / rate
    size = len(lengths.prompt)
    requests = [
        post_bytes(int(lengths.prompt[i % size]), int(lengths.output[i % size]))
        for i in range(len(arrivals))
    ]
    split = int(np.searchsorted(arrivals, settle_s))
    await client.drive(requests[:split], arrivals[:split])
    before, cpu, sent = (
        await asyncio.to_thread(read_server, url),
        time.process_time(),
        client.outcome.sent,
    )
    await client.drive(requests[split:], arrivals[split:] - settle_s)
    cpu = time.process_time() - cpu
    after = await asyncio.to_thread(read_server, url)
    seconds = after.at - before.at
    counts = (after.counts - before.counts).tolist()
    p50, p99, most = (1e3 * (lag_quantile(counts, share) or np.nan) for share in (0.5, 0.99, 1.0))
    return Window(
        rate=rate,
        tokens_per_s=sum(counts) / seconds,
        lag_p50_ms=p50,
        lag_p99_ms=p99,
        lag_max_ms=most,
        server_cpu=(after.cpu_s - before.cpu_s) / seconds,
        client_cpu=cpu / seconds,
        late_p99_ms=1e3 * float(np.quantile(client.outcome.late_s[sent:], 0.99)),
        failed=client.outcome.failed,
    )


async def run(urls: list[str], lengths: Lengths, asked: argparse.Namespace) -> list[Window]:
    """Measure the first rate, then raise it until the emulator falls behind; all windows.

    A rate above the first that it does not stand gets a second chance: other work on the machine
    can spoil a window.
    """
    client = Client(urls)
    windows = [await measure(client, urls[0], lengths, asked.rate, asked.settle, asked.seconds)]
    say(windows[0])
    rate, chances = asked.rate * GROWTH, 2
    while windows[0].stood and rate <= asked.most and chances:
        windows.append(await measure(client, urls[0], lengths, rate, asked.settle, asked.step))
        say(windows[-1])
        if windows[-1].stood:
            rate, chances = rate * GROWTH, 2
        else:
            chances -= 1
    return windows


def say(window: Window) -> None:
    """Print one line."""
    print(
        f"{window.rate:6.1f} req/s (emulated): {window.tokens_per_s:7.0f} tokens/s, lag p50 "
        f"{window.lag_p50_ms:.2f} p99 {window.lag_p99_ms:.2f} max {window.lag_max_ms:.1f} ms, "
        f"CPU server {window.server_cpu:.2f} client {window.client_cpu:.2f} cores, "
        f"sent late p99 {window.late_p99_ms:.1f} ms, {window.failed} failed",
        flush=True,
    )


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--params", type=Path, default=Path("params.yaml"))
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--rate", type=float, default=30.0, help="requests/s of the first window")
    parser.add_argument("--most", type=float, default=500.0, help="highest rate to try")
    parser.add_argument("--settle", type=float, default=20.0, help="s in front of a window")
    parser.add_argument("--seconds", type=float, default=60.0, help="s of the first window")
    parser.add_argument("--step", type=float, default=15.0, help="s of the windows after it")
    return parser.parse_args()


def main() -> None:
    """Measure, and print one JSON object last."""
    import uvloop

    asked = arguments()
    load = os.getloadavg()[0]
    lengths = read_lengths(asked.data / "traces" / "sharegpt_lengths_10k.parquet", 20_000)
    with (
        emulated(asked.params) as urls,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        windows = runner.run(run(urls, lengths, asked))
    first, stood = windows[0], [window.rate for window in windows if window.stood]
    result = {
        "label": "emulated",
        "instances": len(urls),
        "lengths": lengths.source,
        "rate": first.rate,
        "token_lag_p50_ms": first.lag_p50_ms,
        "token_lag_p99_ms": first.lag_p99_ms,
        "token_lag_max_ms": first.lag_max_ms,
        "tokens_per_s": first.tokens_per_s,
        "server_cpu_cores": first.server_cpu,
        "client_cpu_cores": first.client_cpu,
        "failed": windows[-1].failed,
        "max_req_per_s": max(stood, default=None),
        "reached_most": windows[-1].stood,
        "cores": os.cpu_count(),
        "load_before": load,
        "load_after": os.getloadavg()[0],
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
