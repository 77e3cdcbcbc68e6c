"""Worker processes start together, and none outlives a run however it ends."""

import asyncio
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.errors import WorkerError
from pipeline.loadtest.generator import Call, Target, run_closed, run_open
from pipeline.params import ClosedParams
from pipeline.workload.arrivals import ClosedLoop
from tests.loadtest.scripted_server import HEAD, ScriptedServer, framed, token

pytestmark = pytest.mark.slow

PROGRAM = """
import sys
from pipeline.loadtest.generator import Call, Target, run_open
if __name__ == "__main__":
    run_open([Call(i, 0.0, b"{}") for i in range(4)], Target(sys.argv[1]), workers=2)
"""


async def answer(body: dict[str, Any], writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD + framed(token("a")) + framed(b"data: [DONE]\n\n") + b"0\r\n\r\n")


async def hang(body: dict[str, Any], writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(60)


def until(true: Callable[[], bool]) -> None:
    """Wait, but not for ever."""
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_workers_share_the_calls_and_the_clock() -> None:
    calls = [Call(i, 0.02 * i, json.dumps({"number": i}).encode()) for i in range(15)]
    with ScriptedServer(answer) as server:
        ended = run_open(calls, Target(server.url), workers=3, keep_times=True)
    assert [sent.number for sent in ended] == list(range(15))
    assert {sent.outcome for sent in ended} == {"ok"}
    assert [sent.scheduled for sent in ended] == [call.at_s for call in calls]
    assert len(server.heads) == 15
    for sent in ended:
        assert sent.first_token is not None
        assert sent.scheduled <= sent.issued <= sent.first_token <= sent.done
        assert sent.token_s is not None
        assert sent.token_s.tolist() == [sent.first_token]


def test_users_are_shared_out_too() -> None:
    thinking = ClosedLoop(ClosedParams(users=4, think_s=0.0), np.random.default_rng(1))
    with ScriptedServer(answer) as server:
        ended = run_closed(
            [Call(i, None, b"{}") for i in range(20)], 4, thinking, Target(server.url), workers=2
        )
    assert [sent.number for sent in ended] == list(range(20))
    assert {sent.outcome for sent in ended} == {"ok"}
    assert server.connections <= 4


def test_results_larger_than_a_pipe_come_back_whole() -> None:
    async def at_length(body: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + framed(token("a" * 1_000_000)))
        writer.write(framed(b"data: [DONE]\n\n") + b"0\r\n\r\n")

    with ScriptedServer(at_length) as server:
        calls = [Call(i, 0.0, b"{}") for i in range(5)]
        ended = run_open(calls, Target(server.url), keep_text=True)
    assert [len(sent.text or "") for sent in ended] == [1_000_000] * 5


def test_nothing_to_send() -> None:
    assert run_open([], Target("http://127.0.0.1:1")) == []


def test_a_dead_worker_is_named() -> None:
    with ScriptedServer(hang) as server:

        def kill() -> None:
            until(lambda: server.open_now == 2)
            last = max(multiprocessing.active_children(), key=lambda child: child.pid or 0)
            assert last.pid is not None
            os.kill(last.pid, signal.SIGKILL)

        killer = threading.Thread(target=kill)
        killer.start()
        with pytest.raises(WorkerError, match="load worker 2 of 2 died before its calls had ended"):
            run_open([Call(i, 0.0, b"{}") for i in range(2)], Target(server.url), workers=2)
        killer.join()
        until(lambda: server.open_now == 0)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_no_worker_outlives_its_parent(root: Path, tmp_path: Path, number: int) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    with ScriptedServer(hang) as server:
        process = subprocess.Popen(
            [sys.executable, str(program), server.url],
            env=os.environ | {"PYTHONPATH": str(root)},
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        until(lambda: server.open_now == 4)
        if number == signal.SIGINT:
            os.killpg(process.pid, number)
        else:
            process.send_signal(number)
        assert process.wait(60) != 0
        until(lambda: server.open_now == 0)
