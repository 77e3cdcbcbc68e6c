"""Keys go to the servers that they are for, and are nowhere else: no file, no page, no message."""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import polars as pl
import pytest
import yaml

from pipeline.fleet.telemetry import base_url
from pipeline.loadtest.generator import Call, Target, run_open
from pipeline.params import load_params
from pipeline.rows import PROMPTS
from pipeline.schema import write_rows
from tests.collecting.chat_stub import ChatStub, Said
from tests.collecting.live_cases import prompts
from tests.stub_server import Reply, StubServer, answer

pytestmark = pytest.mark.slow

# All made up.
SECRETS = {
    "MODEL_KEY": "sk-model-51c0e9",
    "JUDGE_KEY": "sk-judge-77ab02",
    "CLIENT_KEY": "sk-client-0be4d1",
    "ADMIN_KEY": "sk-admin-93cc5f",
    "INSTANCE_KEY": "sk-instance-e7706a",
}
WRONG = "sk-of-somebody-else-4f4f4f"
TEXTS = [f"What is {number} plus {number}?" for number in range(6)]
GATEWAY = ["-c", "from pipeline.cli import main; main()", "serve", "--arm", "shortest_queue"]
GATEWAY += ["--fleet", "fleet.yaml", "--port", "0", "--write", "url", "--trace-log", "trace.jsonl"]
GATEWAY += ["--key-variable", "CLIENT_KEY", "--admin-key-variable", "ADMIN_KEY"]
GATEWAY += ["--upstream-key-variable", "INSTANCE_KEY", "--attempts", "1"]


def bearer(name: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {SECRETS[name]}"}


def quoting(name: str, good: Said) -> Any:
    """A script whose first answers quote the key, as a careless server does."""
    faults = [Said(status=401, body=SECRETS[name]), Said(status=500, body=SECRETS[name])]
    return lambda number, _: faults[number] if number < len(faults) else good


def judging(number: int, _: dict[str, Any]) -> Reply:
    if number < 2:
        return Reply(status=500, body=json.dumps({"error": {"message": SECRETS["JUDGE_KEY"]}}))
    return answer('{"score": 8, "reason": "it is right"}')


def project(folder: Path, root: Path, models: ChatStub, judge: StubServer) -> None:
    values = yaml.safe_load((root / "params.yaml").read_text())
    names = [tier["model"] for tier in values["base"]["fleet"]["tiers"].values()]
    asked = {"endpoint": models.url, "concurrency": 1, "key_variable": "MODEL_KEY"}
    values["collect"] = {
        "source": "live",
        "live": {"models": dict.fromkeys(names, asked), "sampling": {"max_tokens": 16}},
    }
    values["judge"] |= {
        "similarity": False,
        "judges": {"j": {"endpoint": judge.url, "model": "j", "key_variable": "JUDGE_KEY"}},
    }
    (folder / "params.yaml").write_text(yaml.safe_dump(values, sort_keys=False))
    write_rows(prompts(*TEXTS), folder / "data/prompts.parquet", PROMPTS)


def fleet_file(folder: Path, instance: ChatStub) -> None:
    fleet = load_params(folder / "params.yaml").base.fleet
    url = base_url(instance.url)
    values = fleet.model_dump(mode="json", by_alias=True, exclude_none=True)
    values |= {"instances": {"3b_a30": 1}, "endpoints": {"3b_a30-0": url}, "faults": []}
    (folder / "fleet.yaml").write_text(yaml.safe_dump(values, sort_keys=False))


def environment(root: Path) -> dict[str, str]:
    return os.environ | SECRETS | {"PYTHONPATH": str(root)}


@contextmanager
def gateway(folder: Path, root: Path, said: list[bytes]) -> Iterator[str]:
    command = [sys.executable, *GATEWAY]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    process = subprocess.Popen(command, cwd=folder, env=environment(root), **pipes)
    try:
        until = time.monotonic() + 60
        while not (folder / "url").exists():
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < until
            time.sleep(0.05)
        yield (folder / "url").read_text().strip()
    finally:
        process.terminate()
        said += process.communicate(timeout=30)


async def pages(url: str) -> list[bytes]:
    """What the gateway shows to whoever asks, with keys that fit and with others."""
    body = {"messages": [{"role": "user", "content": "?"}]}
    wrong = {"Authorization": f"Bearer {WRONG}"}
    found = []
    async with aiohttp.ClientSession() as session:
        for method, path, headers in (
            ("GET", "/metrics", {}),
            ("GET", "/health", {}),
            ("GET", "/admin/state", bearer("ADMIN_KEY")),
            ("GET", "/admin/state", bearer("CLIENT_KEY")),
            ("POST", "/admin/config", bearer("ADMIN_KEY")),
            ("GET", "/v1/models", bearer("CLIENT_KEY")),
            ("POST", "/v1/chat/completions", wrong),
            ("POST", "/v1/chat/completions", bearer("CLIENT_KEY")),
            ("POST", "/v1/completions", bearer("CLIENT_KEY")),
        ):
            asked = session.request(method, url + path, json=body, headers=headers)
            async with asked as told:
                found += [await told.read(), str(dict(told.headers)).encode()]
    return found


def load(url: str) -> list[bytes]:
    """A load test by the generator: calls with their traces."""
    turn = {"role": "user", "content": "?"}
    told = {"messages": [turn], "stream": True, "routebalance": {"trace": True}}
    calls = [Call(number, 0.02 * number, json.dumps(told).encode()) for number in range(10)]
    target = Target(url, headers=bearer("CLIENT_KEY"), timeout_s=20.0)
    sent = run_open(calls, target, keep_text=True)
    # The first ones met an instance that refused them and quoted the key.
    assert [one.outcome for one in sent].count("ok") >= 5
    return [repr(sent).encode(), repr(target).encode()]


def readable(path: Path) -> bytes:
    """The bytes of a file, and of a parquet file what is compressed in it."""
    raw = path.read_bytes()
    return raw + pl.read_parquet(path).write_ndjson().encode() if path.suffix == ".parquet" else raw


def test_keys_are_nowhere_but_at_their_servers(
    tmp_path: Path, root: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    said: list[bytes] = []
    with (
        ChatStub(quoting("MODEL_KEY", Said())) as models,
        ChatStub(quoting("INSTANCE_KEY", Said())) as instance,
        StubServer(judging) as judge,
    ):
        project(tmp_path, root, models, judge)
        for stage in ("collect", "judge"):
            command = [sys.executable, "-m", f"stages.{stage}"]
            ended = subprocess.run(
                command, cwd=tmp_path, env=environment(root), capture_output=True
            )
            assert ended.returncode == 0, ended.stderr
            said += [ended.stdout, ended.stderr]
        fleet_file(tmp_path, instance)
        with gateway(tmp_path, root, said) as url:
            assert url.startswith("http://127.0.0.1:")
            said += load(url)
            said += asyncio.run(pages(url))
    assert set(models.keys) == {f"Bearer {SECRETS['MODEL_KEY']}"}
    assert set(judge.keys) == {f"Bearer {SECRETS['JUDGE_KEY']}"}
    assert set(instance.keys) == {f"Bearer {SECRETS['INSTANCE_KEY']}"}

    said += [part.encode() for part in capfd.readouterr()]
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    names = {path.name for path in files}
    assert {"collect.sqlite", "judge.sqlite", "judgements.parquet", "trace.jsonl"} <= names
    # The search sees into what is compressed: the judge's reason is found.
    assert any(b"it is right" in readable(path) for path in files if path.suffix == ".parquet")
    for where, text in [("a message", one) for one in said] + [(f, readable(f)) for f in files]:
        for secret in (*SECRETS.values(), WRONG):
            assert secret.encode() not in text, where
