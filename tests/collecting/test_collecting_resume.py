"""A collection that is killed pays for no answer twice, and its key is nowhere to be found."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from pipeline.journal import Journal
from pipeline.rows import PROMPTS, RESPONSES
from pipeline.schema import read_rows, write_rows
from tests.collecting.chat_stub import ChatStub, Said
from tests.collecting.live_cases import prompts

AT_ONCE = 4
TEXTS = [f"prompt {number:02}" for number in range(40)]
SECRET = "sk-very-secret-7f3a"  # made up


def project(folder: Path, root: Path, url: str, **model: object) -> list[str]:
    """Write a project whose fleet answers at this URL; return the command of its stage."""
    values = yaml.safe_load((root / "params.yaml").read_text())
    models = [tier["model"] for tier in values["base"]["fleet"]["tiers"].values()]
    target = {"endpoint": url, "concurrency": 1, "key_variable": "COLLECT_TEST_KEY"} | model
    values["collect"] = {
        "source": "live",
        "live": {"models": dict.fromkeys(models, target), "sampling": {"max_tokens": 16}},
    }
    (folder / "params.yaml").write_text(yaml.safe_dump(values))
    write_rows(prompts(*TEXTS), folder / "data/prompts.parquet", PROMPTS)
    return [sys.executable, "-m", "stages.collect"]


def environment(root: Path) -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(root), "COLLECT_TEST_KEY": SECRET}


def test_a_killed_run_pays_for_nothing_twice(tmp_path: Path, root: Path) -> None:
    with ChatStub(lambda *_: Said(pause_s=0.05)) as stub:
        command = project(tmp_path, root, stub.url)
        started = subprocess.Popen(
            command, cwd=tmp_path, env=environment(root), stderr=subprocess.DEVNULL
        )
        while len(stub.finished) < 30:
            assert started.poll() is None
            time.sleep(0.01)
        started.send_signal(signal.SIGKILL)
        started.wait()
        time.sleep(0.3)  # whatever was under way runs into the closed connection
        asked_before = len(stub.bodies)
        with Journal(tmp_path / ".cache/routebalance/collect.sqlite") as journal:
            kept = len(journal)
        assert asked_before - AT_ONCE <= kept <= asked_before < 4 * len(TEXTS)

        again = subprocess.run(
            command, cwd=tmp_path, env=environment(root), capture_output=True, text=True
        )
        assert again.returncode == 0, again.stderr
        # Four models answer every prompt: each row once, and once more what was under way.
        rows = read_rows(tmp_path / "data/responses.parquet", RESPONSES)
        assert (rows.height, rows["status"].unique().to_list()) == (160, ["ok"])
        assert len(stub.bodies) - asked_before == 160 - kept
        assert len(stub.bodies) <= 160 + AT_ONCE
        twice = [one for one in set(map(json.dumps, stub.bodies)) if asked(stub, one) > 1]
        assert len(twice) <= AT_ONCE

        third = subprocess.run(command, cwd=tmp_path, env=environment(root), capture_output=True)
        assert third.returncode == 0
        assert len(stub.bodies) - asked_before == 160 - kept


def asked(stub: ChatStub, body: str) -> int:
    return sum(json.dumps(one) == body for one in stub.bodies)


def test_the_key_reaches_the_endpoint_and_nothing_else(tmp_path: Path, root: Path) -> None:
    quoting = f'data: {{"error": {{"message": "bad key {SECRET}"}}}}\n\n'

    def script(number: int, _: object) -> Said:
        faults = [Said(status=401, body=SECRET), Said(body=quoting), Said(status=500, body=SECRET)]
        return faults[number] if number < len(faults) else Said()

    with ChatStub(script) as stub:
        command = project(tmp_path, root, stub.url, concurrency=3)
        ended = subprocess.run(command, cwd=tmp_path, env=environment(root), capture_output=True)
    assert ended.returncode == 0, ended.stderr
    assert set(stub.keys) == {f"Bearer {SECRET}"}
    assert SECRET.encode() not in ended.stdout + ended.stderr
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {"responses.parquet", "collect.sqlite", "collect.json"} <= {one.name for one in written}
    for path in written:
        assert SECRET.encode() not in path.read_bytes(), path
    # Parquet is compressed, so its texts are looked at as well.
    rows = read_rows(tmp_path / "data/responses.parquet", RESPONSES)
    assert SECRET not in rows.write_json()


@pytest.mark.parametrize("interrupted_after", [5])
def test_an_interrupt_is_not_an_error_and_keeps_what_was_answered(
    tmp_path: Path, root: Path, interrupted_after: int
) -> None:
    with ChatStub(lambda *_: Said(pause_s=0.05)) as stub:
        command = project(tmp_path, root, stub.url)
        started = subprocess.Popen(
            command, cwd=tmp_path, env=environment(root), stderr=subprocess.PIPE, text=True
        )
        while len(stub.finished) < interrupted_after:
            assert started.poll() is None
            time.sleep(0.01)
        started.send_signal(signal.SIGINT)
        _, said = started.communicate(timeout=20)
    assert started.returncode == 130
    assert said.endswith("interrupted; run it again to go on where it stopped\n")
    with Journal(tmp_path / ".cache/routebalance/collect.sqlite") as journal:
        assert len(journal) >= 1
