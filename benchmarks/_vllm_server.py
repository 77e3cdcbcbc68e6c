"""A real vLLM on this CPU, from the environment and the models of scripts/vllm_cpu.sh."""

import os
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["BATCHED_TOKENS", "MAX_NUM_SEQS", "SIZES", "STORE", "serving"]

SIZES = ("tiny", "small")
STORE = Path(".cache/vllm-cpu")
MAX_NUM_SEQS = 16
BATCHED_TOKENS = 2048

_COMMAND = Path(".vllm-cpu/bin/vllm")
_PATIENCE_S = 240.0
_ENVIRONMENT = {
    "VLLM_NO_USAGE_STATS": "1",
    "DO_NOT_TRACK": "1",
    "HF_HUB_OFFLINE": "1",
    "VLLM_CPU_KVCACHE_SPACE": "1",
    # One core computes. Engine and worker are one process: as two they spin on shared memory, and
    # with two cores the spinning takes half a second at a time from whoever should compute.
    "OMP_NUM_THREADS": "1",
    "VLLM_ENABLE_V1_MULTIPROCESSING": "0",
}


@contextmanager
def serving(size: str, core: int = 0, *, confined: bool = False) -> Iterator[str]:
    """Serve one of the two models on a free port, its arithmetic on one core; yield the URL.

    Args:
        confined: keep everything else of it on that core, too, so that two do not disturb each
            other.

    Raises:
        SystemExit: it has not been built, or does not come up; the log says why.
    """
    if not _COMMAND.exists():
        raise SystemExit(f"{_COMMAND}: no vLLM here; `make vllm-cpu` builds it")
    log, port = STORE / f"{size}.log", _free_port()
    environment = os.environ | _ENVIRONMENT | {"PYTHONPATH": str((STORE / "shim").resolve())}
    environment["VLLM_CPU_OMP_THREADS_BIND"] = str(core)
    bound = ["taskset", "-c", str(core)] if confined else []
    with log.open("w") as written:
        process = subprocess.Popen(
            [*bound, *_arguments(size, port)], env=environment, stdout=written, stderr=written,
            start_new_session=True,
        )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    try:
        _wait(process, url, log)
        yield url
    finally:
        _stop(process)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def _arguments(size: str, port: int) -> list[str]:
    options = {
        "served-model-name": size,
        "host": "127.0.0.1",
        "port": str(port),
        "max-num-seqs": str(MAX_NUM_SEQS),
        "max-num-batched-tokens": str(BATCHED_TOKENS),
        "max-model-len": "2048",
        "dtype": "bfloat16",
    }
    pairs = [part for name, value in options.items() for part in (f"--{name}", value)]
    flags = ["--enforce-eager", "--disable-uvicorn-access-log"]
    return [str(_COMMAND), "serve", str(STORE / "models" / size), *pairs, *flags]


def _wait(process: "subprocess.Popen[bytes]", url: str, log: Path) -> None:
    until = time.monotonic() + _PATIENCE_S
    while time.monotonic() < until and process.poll() is None:
        try:
            urllib.request.urlopen(f"{url}/health", timeout=1).close()
        except OSError:
            time.sleep(0.5)
        else:
            return
    raise SystemExit(f"{log}: vLLM did not come up; its last lines say why")


def _stop(process: "subprocess.Popen[bytes]") -> None:
    # The engine and its workers are processes of their own in the same group.
    os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
