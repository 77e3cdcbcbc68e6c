"""Jobs here and on a local Ray cluster: the same results, at once, and nothing lost in silence."""

import os
import pickle
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from pipeline.engine import Engine, Setup, run_jobs
from pipeline.errors import EndpointError, ParamsError, UnknownNameError, WorkerError
from tests.ray_cluster import local_cluster

ENGINES: list[Engine] = ["process", "ray"]


def squares() -> Callable[[int], Iterator[tuple[int, int, int]]]:
    """Make a job of n results: (n, i, i squared)."""
    return lambda n: ((n, i, i * i) for i in range(n))


def strict() -> Callable[[int], Iterator[int]]:
    """Make a job that knows only numbers below 3."""

    def work(n: int) -> Iterator[int]:
        if n >= 3:
            raise UnknownNameError("number", str(n), ["0", "1", "2"], "the test")
        yield n

    return work


def broken() -> Callable[[int], Iterator[float]]:
    """Make a job with a defect."""
    return lambda n: iter([1 / n])


def deadly(folder: Path) -> Callable[[int], Iterator[int]]:
    """Make a job whose process is killed the first time that number 1 is worked on."""

    def work(n: int) -> Iterator[int]:
        mark = folder / "killed"
        if n == 1 and not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        yield n

    return work


def halting(go: Path) -> Callable[[int], Iterator[int]]:
    """Make a job that gives 0 and then waits for a file before it gives 1."""

    def work(_: int) -> Iterator[int]:
        yield 0
        while not go.exists():
            time.sleep(0.02)
        yield 1

    return work


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """One local cluster for all tests of this file; its address."""
    with local_cluster() as address:
        yield address


def on(engine: Engine, setup: Setup[Any, Any], jobs: list[Any], **options: Any) -> list[Any]:
    return sorted(run_jobs(engine, setup, jobs, **options))


def test_both_engines_give_every_result_once(cluster: str) -> None:
    jobs = [0, 1, 5, 3]
    expected = sorted((n, i, i * i) for n in jobs for i in range(n))
    assert on("process", squares, jobs, workers=1) == expected
    assert on("process", squares, jobs, workers=2) == expected
    assert on("ray", squares, jobs) == expected
    assert on("ray", squares, jobs, workers=1, cpus=0) == expected


@pytest.mark.parametrize("engine", ENGINES)
def test_no_job_is_no_result(engine: Engine, cluster: str) -> None:
    assert on(engine, squares, []) == []


def test_ray_hands_over_a_result_before_its_job_ends(cluster: str, tmp_path: Path) -> None:
    go = tmp_path / "go"
    results = run_jobs("ray", partial(halting, go), [7])
    assert next(results) == 0
    go.touch()
    assert list(results) == [1]


@pytest.mark.parametrize("engine", ENGINES)
def test_an_error_comes_back_as_itself(engine: Engine, cluster: str) -> None:
    with pytest.raises(UnknownNameError, match="unknown number '4' in the test") as caught:
        on(engine, strict, [0, 4], workers=2)
    assert caught.value.known == ("0", "1", "2")


@pytest.mark.parametrize("engine", ENGINES)
def test_a_defect_stays_a_defect(engine: Engine, cluster: str) -> None:
    with pytest.raises(ZeroDivisionError):
        on(engine, broken, [1, 0], workers=2)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_lost_worker_is_said(engine: Engine, cluster: str, tmp_path: Path) -> None:
    with pytest.raises(WorkerError, match=r"lost.*start again"):
        on(engine, partial(deadly, tmp_path), [0, 1, 2], workers=2)


def test_a_job_that_costs_nothing_is_started_again(cluster: str, tmp_path: Path) -> None:
    assert on("ray", partial(deadly, tmp_path), [0, 1, 2], retries=1) == [0, 1, 2]
    assert (tmp_path / "killed").exists()


def test_unknown_name_survives_pickling() -> None:
    error = UnknownNameError("model", "emu-8b", ["emu-7b"], "base.fleet")
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.known) == (str(error), error.known)


def test_without_ray_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ParamsError, match=r"routebalance\[ray\]"):
        on("ray", squares, [1])


CLIENT = """
import sys
from functools import partial
from pathlib import Path
from pipeline.engine import run_jobs
from tests.test_run_jobs import halting
for result in run_jobs("ray", partial(halting, Path(sys.argv[1])), [0]):
    print(result, flush=True)
"""


def client(root: Path, go: Path, **environment: str) -> "subprocess.Popen[str]":
    """Start a process that runs one halting job on Ray and prints what comes."""
    command = [sys.executable, "-c", CLIENT, str(go)]
    return subprocess.Popen(
        command, cwd=root, env=os.environ | environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def test_a_given_cluster_is_joined(root: Path, cluster: str, tmp_path: Path) -> None:
    go = tmp_path / "go"
    go.touch()
    out, err = client(root, go, RAY_ADDRESS=cluster).communicate(timeout=60)
    assert out == "0\n1\n", err


@pytest.mark.parametrize("address", ["127.0.0.1:{port}", "nowhere"])
def test_no_cluster_at_the_address_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    alone(monkeypatch)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        told = address.format(port=taken.getsockname()[1])
    monkeypatch.setenv("RAY_ADDRESS", told)
    with pytest.raises(EndpointError, match=f"^RAY_ADDRESS={told}: no Ray cluster answers there"):
        on("ray", squares, [1])


def test_a_ray_client_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    alone(monkeypatch)
    monkeypatch.setenv("RAY_ADDRESS", "ray://127.0.0.1:10001")
    with pytest.raises(EndpointError, match=r"own address as HOST:PORT$"):
        on("ray", squares, [1])


def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let it look as if no cluster had been joined; the one of this file, if it runs, lives on."""
    ray = pytest.importorskip("ray", reason="needs the extra «ray»")
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setattr(ray, "shutdown", lambda: None)
