"""A real vLLM end to end: asked, judged, profiled, learned from, and load-tested by the gateway.

Needs `make vllm-cpu`; some fifteen minutes.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks._vllm_server import SIZES
from pipeline.params import load_params
from pipeline.params.overlay import apply_overlay

pytestmark = pytest.mark.live

ARMS = {"fused_uniform", "shortest_queue", "round_robin"}


@pytest.fixture(scope="module")
def figures(root: Path) -> dict[str, Any]:
    """The last line of the run."""
    if not (root / ".vllm-cpu" / "installed").exists():
        pytest.fail("no vLLM here; `make vllm-cpu` builds it")
    command = [sys.executable, "-m", "benchmarks.end_to_end"]
    ended = subprocess.run(command, cwd=root, stdout=subprocess.PIPE, text=True, check=True)
    found = json.loads(ended.stdout.splitlines()[-1])
    assert isinstance(found, dict)
    return found


def test_every_row_is_live(figures: dict[str, Any]) -> None:
    assert figures["labels"] == ["live"]


def test_every_prompt_was_answered_and_judged(figures: dict[str, Any]) -> None:
    assert figures["responses"] == figures["responses_ok"] > 0
    assert figures["verdicts"] == figures["verdicts_ok"] == figures["responses"]


def test_every_request_of_every_arm_was_served(
    figures: dict[str, Any], root: Path, tmp_path: Path
) -> None:
    file = tmp_path / "params.yaml"
    file.write_text((root / "params.yaml").read_text())
    apply_overlay(file, root / "presets" / "live.yaml", [])
    load = load_params(file).loadtest
    assert set(load.arms) == ARMS == set(figures["arms"])
    cells = len(load.arms) * len(load.rates) * len(load.seeds)
    assert figures["requests"] == figures["requests_ok"] == cells * load.requests


def test_arms_without_beliefs_use_both_models(figures: dict[str, Any]) -> None:
    share = f"share_{SIZES[0]}"
    assert figures["arms"]["round_robin"][share] == pytest.approx(0.5, abs=0.05)
    assert 0 < figures["arms"]["shortest_queue"][share] < 1
    for arm in figures["arms"].values():
        assert 0 < arm["ttft_mean_ms"] < arm["e2e_mean_ms"]


def test_what_looks_at_no_queue_is_as_simulated(figures: dict[str, Any]) -> None:
    round_robin = figures["agreement"]["round_robin"]
    assert round_robin["same_model"][:2] == [1.0, 1.0]
    assert round_robin["quality"][2] is round_robin["cost_usd"][2] is True
