"""A live collection on a Ray cluster: the rows of one here, and nothing paid for twice."""

import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from pipeline.journal import Journal
from pipeline.rows import RESPONSES
from pipeline.schema import read_rows
from tests.collecting.chat_stub import ChatStub, Said
from tests.collecting.test_collecting_resume import AT_ONCE, SECRET, TEXTS, environment, project
from tests.ray_cluster import local_cluster

TIMES = ("ttft_s", "e2e_s", "token_s")
ON_RAY = ["routebalance", "collect", "--engine", "ray"]


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """A cluster whose nodes hold the key; its address."""
    with local_cluster(COLLECT_TEST_KEY=SECRET) as address:
        yield address


def rows_of(folder: Path) -> pl.DataFrame:
    return read_rows(folder / "data/responses.parquet", RESPONSES).drop(TIMES)


def test_a_killed_run_on_ray_pays_for_nothing_twice(
    cluster: str, tmp_path: Path, root: Path
) -> None:
    joined = environment(root) | {"RAY_ADDRESS": cluster}
    there, here = (tmp_path / name for name in ("there", "here"))
    there.mkdir()
    here.mkdir()
    with ChatStub(lambda *_: Said(pause_s=0.05)) as stub:
        project(there, root, stub.url)
        started = subprocess.Popen(ON_RAY, cwd=there, env=joined, stderr=subprocess.DEVNULL)
        while len(stub.finished) < 30:
            assert started.poll() is None
            time.sleep(0.01)
        started.send_signal(signal.SIGKILL)
        started.wait()
        before = quiet(stub)
        assert before < 4 * len(TEXTS)  # its workers ended with it
        with Journal(there / ".cache/routebalance/collect.sqlite") as journal:
            kept = len(journal)
        assert kept >= 20

        again = subprocess.run(ON_RAY, cwd=there, env=joined, capture_output=True, text=True)
        assert again.returncode == 0, again.stderr
        assert f"{kept} from the journal" in again.stderr
        assert len(stub.bodies) - before == 4 * len(TEXTS) - kept

        command = project(here, root, stub.url)
        subprocess.run(command, cwd=here, env=environment(root), capture_output=True, check=True)
    assert rows_of(there).equals(rows_of(here))
    assert stub.most_at_once <= AT_ONCE


def quiet(stub: ChatStub) -> int:
    """Wait until nobody asks any more; return the number of calls."""
    seen = -1
    while seen != len(stub.bodies):
        seen = len(stub.bodies)
        time.sleep(0.5)
    return seen
