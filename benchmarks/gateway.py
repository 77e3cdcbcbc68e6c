"""What the gateway adds to a request: `python -m benchmarks.gateway`, by rate. Label: emulated.

Thirteen emulated instances at the pace of their engines, the gateway and the client share this
machine, each in a process of its own. Arrivals are Poisson, answers streams of 150 tokens. The
overhead of a request is what the client waited, from issuing it to the end of its answer, less the
time from the gateway's dispatch to the last byte of the instance. Its first part ends with the
decision: parsing, the queue, the batch, reading the prompt, the policy. The rest is the way back
and forth, and whatever the client's own process adds.

With the encoder stubbed the figures stand beside those of the published code, measured with its
encoder stubbed on a machine of two cores: 65, 70, 70, 75 and 146 ms at 6 to 30 requests/s. The cost
of the real encoder is shown beside them.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks._report import finish
from pipeline.loadtest.generator import Call, Sent, Target, run_open
from pipeline.streams import stream
from pipeline.workload.generated import generate

RATES = (6.0, 12.0, 18.0, 24.0, 30.0)
PUBLISHED_MS = {6.0: 65.1, 12.0: 70.2, 18.0: 69.5, 24.0: 75.3, 30.0: 145.9}
TOKENS, SETTLE, SEED = 150, 20, 1

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Row:
    """One rate with one encoder; ms, over the requests after the first ones."""

    encoder: str
    rate: float
    requests: int
    failed: int
    mean_ms: float
    p50_ms: float
    p99_ms: float
    decided_mean_ms: float
    decided_p99_ms: float
    rest_mean_ms: float
    batch_mean: float
    cpu_ms: float
    client_lag_p99_ms: float
    published_mean_ms: float | None
    load_1min: float

    def line(self) -> str:
        """As it is printed."""
        told = "" if self.published_mean_ms is None else f"; published {self.published_mean_ms:.1f}"
        return (
            f"{self.encoder:4} encoder, {self.rate:4.0f} req/s (emulated): overhead mean "
            f"{self.mean_ms:6.2f} p50 {self.p50_ms:6.2f} p99 {self.p99_ms:7.2f} ms{told}; until "
            f"decided {self.decided_mean_ms:.2f} (p99 {self.decided_p99_ms:.2f}), rest "
            f"{self.rest_mean_ms:.2f}; batch {self.batch_mean:.2f}; CPU {self.cpu_ms:.1f} ms a "
            f"request; client late p99 {self.client_lag_p99_ms:.2f} ms; {self.failed} of "
            f"{self.requests} failed; load {self.load_1min:.1f}"
        )


def main() -> None:
    """Print a line per rate and encoder, then the figures as one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--small", action="store_true", help="one rate, few requests, no encoder")
    parser.add_argument("--seconds", type=float, default=40.0, help="of every rate")
    asked = parser.parse_args()
    rates, seconds = ((12.0,), 5.0) if asked.small else (RATES, asked.seconds)
    indexed = 2_000 if asked.small else 15_000
    rows = []
    for encoder in ("stub",) if asked.small else ("stub", "real"):
        with served(encoder, indexed) as (url, log):
            for rate in rates:
                rows.append(measured(url, log, encoder, rate, seconds))
                print(rows[-1].line(), flush=True)
    means = {
        name: {f"{row.rate:g}": row.mean_ms for row in rows if row.encoder == name}
        for name in ("stub", "real")
    }
    finish(
        {
            "label": "emulated",
            "overhead_mean_ms": means["stub"],
            "with_encoder_mean_ms": means["real"],
            "rows": [asdict(row) for row in rows],
        }
    )


@contextmanager
def served(encoder: str, indexed: int) -> Iterator[tuple[str, Path]]:
    """Serve fleet and gateway; yield the gateway's URL and its trace log."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as running:
        fleet, url, log = (Path(folder) / name for name in ("fleet.yaml", "url", "log.jsonl"))
        cli = ["-c", "from pipeline.cli import main; main()"]
        running.enter_context(_process([*cli, "fleet", "up", "--port", "0", "--write", str(fleet)]))
        _wait_for(fleet)
        server = ["-m", "benchmarks._gateway_server", str(fleet), str(url), str(log)]
        server += ["--encoder", encoder, "--indexed", str(indexed)]
        running.enter_context(_process(server))
        _wait_for(url)
        yield url.read_text(), log


def measured(url: str, log: Path, encoder: str, rate: float, seconds: float) -> Row:
    """Offer one rate, and look at what came of it."""
    calls = _calls(rate, seconds)
    before, load = _cpu_s(url), os.getloadavg()[0]
    sent = run_open(calls, Target(url))
    cpu = _cpu_s(url) - before
    lines = {line["number"]: line for line in map(json.loads, log.read_text().splitlines())}
    good = [one for one in sent[SETTLE:] if one.outcome == "ok" and one.trace is not None]
    told = [lines[one.trace["number"]] for one in good if one.trace is not None]
    whole, decided = _overheads(good, told), 1e3 * _column(told, "decided_s")
    p50, p99 = np.percentile(whole, (50, 99))
    lags = [one.issued - one.scheduled for one in sent]
    return Row(
        encoder=encoder,
        rate=rate,
        requests=len(sent),
        failed=sum(one.outcome != "ok" for one in sent),
        mean_ms=float(whole.mean()),
        p50_ms=float(p50),
        p99_ms=float(p99),
        decided_mean_ms=float(decided.mean()),
        decided_p99_ms=float(np.percentile(decided, 99)),
        rest_mean_ms=float((whole - decided).mean()),
        batch_mean=float(_column(told, "batch_size").mean()),
        cpu_ms=1e3 * cpu / len(sent),
        client_lag_p99_ms=1e3 * float(np.quantile(lags, 0.99)),
        published_mean_ms=PUBLISHED_MS.get(rate) if encoder == "stub" else None,
        load_1min=load,
    )


def _overheads(sent: list[Sent], told: list[dict[str, Any]]) -> Floats:
    """What each request took beyond its time upstream, ms."""
    waited = np.array([one.done - one.issued for one in sent])
    return 1e3 * (waited - (_column(told, "done_s") - _column(told, "dispatched_s")))


def _column(lines: list[dict[str, Any]], name: str) -> Floats:
    return np.array([line[name] for line in lines], dtype=np.float64)


def _calls(rate: float, seconds: float) -> list[Call]:
    """Poisson arrivals, after a few that settle the connections."""
    count = SETTLE + round(rate * seconds)
    gaps = stream(SEED, "benchmark", "gateway").exponential(1 / rate, count)
    texts = generate(24, SEED)["prompt_text"].to_list()
    return [
        Call(number, float(at), _body(texts[number % len(texts)]))
        for number, at in enumerate(np.cumsum(gaps))
    ]


def _body(text: str) -> bytes:
    asked = {
        "model": "auto",
        "messages": [{"role": "user", "content": text}],
        "max_tokens": TOKENS,
        "min_tokens": TOKENS,
        "stream": True,
        "stream_options": {"include_usage": True},
        "routebalance": {"trace": True},
    }
    return json.dumps(asked).encode()


def _cpu_s(url: str) -> float:
    """What the gateway's process has used so far."""
    with urllib.request.urlopen(f"{url}/metrics") as page:
        for line in page.read().decode().splitlines():
            if line.startswith("process_cpu_seconds_total "):
                return float(line.split()[1])
    raise SystemExit("the gateway does not tell its CPU time; this benchmark needs Linux")


@contextmanager
def _process(arguments: list[str]) -> Iterator[None]:
    process = subprocess.Popen([sys.executable, *arguments], stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def _wait_for(file: Path, seconds: float = 180.0) -> None:
    until = time.monotonic() + seconds
    while not file.exists():
        if time.monotonic() > until:
            raise SystemExit(f"{file.name} did not come up within {seconds:g} s")
        time.sleep(0.1)


if __name__ == "__main__":
    main()
