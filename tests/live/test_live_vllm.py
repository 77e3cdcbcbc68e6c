"""A real vLLM on this CPU: the profile foretells a workload that it never saw.

Needs `make vllm-cpu`, and a machine that does nothing else for a quarter of an hour.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks._vllm_measure import LOADS, Kept
from benchmarks._vllm_server import SIZES

pytestmark = pytest.mark.live

METRICS = ("ttft", "tpot", "e2e")


@pytest.fixture(scope="module")
def figures(root: Path) -> dict[str, Any]:
    """The last line of the benchmark, both sizes measured afresh."""
    if not (root / ".vllm-cpu" / "installed").exists():
        pytest.fail("no vLLM here; `make vllm-cpu` builds it")
    shutil.rmtree(root / Kept("").folder, ignore_errors=True)
    command = [sys.executable, "-m", "benchmarks.vllm"]
    ended = subprocess.run(command, cwd=root, stdout=subprocess.PIPE, text=True, check=True)
    found = json.loads(ended.stdout.splitlines()[-1])
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("load", LOADS)
@pytest.mark.parametrize("metric", METRICS)
def test_means_are_foretold_within_ten_percent(
    figures: dict[str, Any], size: str, load: float, metric: str
) -> None:
    assert abs(figures[size]["loads"][f"{load:g}"][f"{metric}_mean_err"]) <= 10


@pytest.mark.parametrize("size", SIZES)
def test_the_reader_of_metrics_agrees_with_the_client(figures: dict[str, Any], size: str) -> None:
    server, loads = figures[size]["server"], figures[size]["loads"].values()
    assert server["kv_tokens"] > 0
    assert server["preemptions"] == 0
    requests = sum(load["requests"] for load in loads)
    seen_ms = sum(load["requests"] * load["e2e_live_ms"] for load in loads) / requests
    # The server's clock starts when it has read the request, the client's when it was sent; and
    # the probe of each round is a short request more.
    assert 0.9 * seen_ms <= server["e2e_mean_ms"] <= 1.01 * seen_ms
