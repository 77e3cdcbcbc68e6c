"""One run of a load generator against a stub, seen from outside: rate, CPU and TTFT error."""

import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from benchmarks._loadgen_tools import Job, Tool
from benchmarks._stub import Answered, stub

__all__ = ["Measured", "ToolError", "measure"]

# The first text comes after 10 to 60 ms, drawn anew for every request, and a token each 5 ms.
_PACED = ("--first-ms", "10", "60", "--gap-ms", "5")
_LIMIT_S = 240.0
_SAMPLE_S = 0.2
_TICKS = os.sysconf("SC_CLK_TCK")


class ToolError(Exception):
    """A tool failed, or did not end in time; the sentence holds its last words."""


@dataclass(frozen=True)
class Measured:
    """What one run showed.

    Attributes:
        rate: answers per second in the middle 80 % of them, in the stub's own account.
        cpu_ms: CPU of all processes of the tool per answer, in the same window, so that neither
            its start nor the making of prompts counts.
        ttft_ms, true_ms: mean time to the first text, as the tool reports it and as the stub knows.
        median_error_ms: difference of the medians.
    """

    rate: float
    cpu_ms: float
    ttft_ms: float
    true_ms: float
    median_error_ms: float


def measure(tool: Tool, requests: int, paced: bool) -> Measured:
    """Run a tool once: 64 users without a pause, or Poisson arrivals on a paced stub.

    Raises:
        ToolError: it failed, did not end in time, or took fewer answers.
    """
    command = tool.opened if paced else tool.closed
    assert command is not None
    with TemporaryDirectory() as folder:
        with stub(*(_PACED if paced else ())) as served:
            job = Job(served.url, requests, Path(folder))
            samples = _run(tool.name, command(job), tool.variables(job), Path(folder) / "log")
        if len(served.answers) < requests:
            raise ToolError(f"{tool.name} took {len(served.answers)} of {requests} answers")
        mean, median = tool.ttft_ms(Path(folder))
    # Some try the server with a request of their own before they begin.
    answers = sorted(served.answers, key=lambda one: one.received)[-requests:]
    true = np.array([1e3 * (one.first - one.received) for one in answers])
    rate, cpu_ms = _window(answers, samples)
    return Measured(rate, cpu_ms, mean, float(true.mean()), median - float(np.median(true)))


def _window(answers: list[Answered], samples: NDArray[np.float64]) -> tuple[float, float]:
    """Rate and CPU per answer, ms, from the first to the ninth tenth of the answers."""
    done = np.sort([one.done for one in answers])
    low, high = done.size // 10, 9 * done.size // 10
    count, seconds = high - low, done[high] - done[low]
    began, ended = np.interp([done[low], done[high]], samples[:, 0], samples[:, 1])
    return count / seconds, 1e3 * (ended - began) / count


def _run(
    name: str, command: list[str], environment: dict[str, str], log: Path
) -> NDArray[np.float64]:
    """Run a command to its end; return samples of time and CPU of its session, both s, (n, 2)."""
    with log.open("wb") as written:
        process = subprocess.Popen(
            command, env=environment, stdout=written, stderr=written, start_new_session=True
        )
    samples: list[tuple[float, float]] = []
    try:
        until = time.monotonic() + _LIMIT_S
        while process.poll() is None and time.monotonic() < until:
            samples.append((time.monotonic(), _session_cpu(process.pid)))
            time.sleep(_SAMPLE_S)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    if process.returncode:
        last = log.read_text(errors="replace").strip().splitlines()[-3:]
        raise ToolError(f"{name} ended with status {process.returncode}: {' / '.join(last)}")
    return np.array(samples)


def _session_cpu(session: int) -> float:
    """CPU of every process of a session and of the children that it has waited for, s."""
    fields = [_stat(path) for path in Path("/proc").glob("[0-9]*/stat")]
    return (
        sum(sum(map(int, one[11:15])) for one in fields if one and int(one[3]) == session) / _TICKS
    )


def _stat(path: Path) -> list[str]:
    """What follows the name in a line of /proc; nothing for a process that has just gone."""
    try:
        return path.read_text().rpartition(")")[2].split()
    except OSError:
        return []
