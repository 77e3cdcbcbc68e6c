"""A judge stage that is killed pays for nothing twice."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from pipeline.rows import JUDGEMENTS, PROMPTS, RESPONSES
from pipeline.schema import read_rows, write_rows
from tests.stub_server import answer

CASES, AT_ONCE = 60, 4


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_killed_stage_pays_for_nothing_twice(
    stub, prompt, response, frames, root: Path, tmp_path: Path
) -> None:
    server = stub(lambda n, body: answer('{"reason": "r", "score": 5}', delay_s=0.05))
    data = frames(
        [prompt(f"p{i}") for i in range(CASES)], [response(f"p{i}") for i in range(CASES)]
    )
    write_rows(data[0], tmp_path / "data/prompts.parquet", PROMPTS)
    write_rows(data[1], tmp_path / "data/responses.parquet", RESPONSES)
    params = yaml.safe_load((root / "params.yaml").read_text())
    judge = {"endpoint": server.url, "model": "m", "key_variable": "JUDGE_KEY"}
    params["judge"] |= {"similarity": False, "judges": {"j": judge | {"concurrency": AT_ONCE}}}
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(params))
    environment = os.environ | {"PYTHONPATH": str(root), "JUDGE_KEY": "sk-very-secret"}

    def start() -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "stages.judge"],
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    killed = start()
    deadline = time.monotonic() + 120
    while len(server.calls) < CASES // 3:
        assert killed.poll() is None, killed.stdout.read()
        assert time.monotonic() < deadline
        time.sleep(0.005)
    os.killpg(killed.pid, signal.SIGKILL)
    said, _ = killed.communicate()
    paid = len(server.calls)
    assert paid < CASES
    assert not (tmp_path / "data/judgements.parquet").exists()
    again = start()
    more, _ = again.communicate(timeout=120)
    assert again.returncode == 0, more
    rows = read_rows(tmp_path / "data/judgements.parquet", JUDGEMENTS)
    verdicts = rows.filter(quality_source="g_eval:j")
    assert (verdicts.height, verdicts["score"].null_count()) == (CASES, 0)
    # Only what was in flight when it was killed is asked again.
    assert CASES <= len(server.calls) <= CASES + AT_ONCE
    told = (said + more).encode()
    kept = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    assert b"sk-very-secret" not in told + kept
    assert set(server.keys) == {"Bearer sk-very-secret"}
