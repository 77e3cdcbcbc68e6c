"""Our load generator as a command, so that it is measured from outside as its peers are.

    python -m benchmarks._loadgen_ours URL OUT --requests N (--users N | --rate R) [--workers N]

OUT gets what the peers' reports hold: mean and median time to the first token, ms.
"""

import argparse
import json
from pathlib import Path

import numpy as np

from pipeline.files import write_json
from pipeline.loadtest.generator import Call, Target, run_closed, run_open
from pipeline.params import ClosedParams
from pipeline.streams import stream
from pipeline.workload.arrivals import ClosedLoop

BODY = json.dumps(
    {
        "model": "stub",
        "stream": True,
        "stream_options": {"include_usage": True},
        "messages": [{"role": "user", "content": "word " * 32}],
    }
).encode()
SEED = 1


def main() -> None:
    """Send, and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url")
    parser.add_argument("out", type=Path)
    parser.add_argument("--requests", type=int, required=True)
    how = parser.add_mutually_exclusive_group(required=True)
    how.add_argument("--users", type=int)
    how.add_argument("--rate", type=float)
    parser.add_argument("--workers", type=int, default=1)
    asked = parser.parse_args()
    target, rng = Target(asked.url), stream(SEED, "benchmark", "loadgen")
    if asked.users:
        calls = [Call(i, None, BODY) for i in range(asked.requests)]
        loop = ClosedLoop(ClosedParams(users=asked.users, think_s=0.0, think="constant"), rng)
        sent = run_closed(calls, asked.users, loop, target, workers=asked.workers)
    else:
        times = np.cumsum(rng.exponential(1 / asked.rate, asked.requests)).tolist()
        calls = [Call(i, at, BODY) for i, at in enumerate(times)]
        sent = run_open(calls, target, workers=asked.workers)
    bad = next((one.reason for one in sent if one.outcome != "ok"), None)
    if bad:
        raise SystemExit(bad)
    first_ms = [1e3 * (one.first_token - one.issued) for one in sent if one.first_token is not None]
    mean, middle = float(np.mean(first_ms)), float(np.median(first_ms))
    write_json(asked.out, {"mean_ttft_ms": mean, "median_ttft_ms": middle})


if __name__ == "__main__":
    main()
