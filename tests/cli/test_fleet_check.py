"""`routebalance fleet check` against servers that are right, wrong, or not there."""

import json
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.cli import main as cli
from tests.page_server import PageServer
from tests.stub_server import Reply
from tests.vllm_pages import V0_19

Run = Callable[..., tuple[int, str, str]]

# The pages of tests/vllm_pages.py tell of a cache of 65,536 tokens.
TIER = {
    "model": "qwen-7b",
    "gpu": "A30",
    "gpus": 1,
    "step": {"w": 20.0, "c": 0.1, "e": 7.0, "f": 0.12, "d": 7e-5, "q": 5e-6},
    "kv_tokens": 65000,
    "max_num_seqs": 256,
    "max_batched_tokens": 2048,
    "price_in": 0.1,
    "price_out": 0.1,
    "static_ttft_ms": 42.0,
    "static_tpot_ms": 20.0,
}


def models(*names: str) -> Reply:
    cards = [{"id": name, "object": "model", "max_model_len": 8192} for name in names]
    return Reply(body=json.dumps({"object": "list", "data": cards}))


def vllm(**changed: Reply | None) -> dict[str, Any]:
    """The pages of a sound server; `metrics=None` leaves one out."""
    pages = {
        "models": models("qwen-7b"),
        "version": Reply(body='{"version":"0.19.0"}'),
        "health": Reply(),
        "metrics": Reply(body=V0_19, content_type="text/plain"),
    }
    pages |= changed  # type: ignore[arg-type]
    paths = {name: f"/v1/{name}" if name == "models" else f"/{name}" for name in pages}
    return {paths[name]: page for name, page in pages.items() if page is not None}


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Check a fleet of one tier with these endpoints; status, output and errors."""

    def check(endpoints: dict[str, str], instances: int = 1, **tier: Any) -> tuple[int, str, str]:
        fleet = {"tiers": {"7b": TIER | tier}, "instances": {"7b": instances}}
        file = tmp_path / "fleet.yaml"
        file.write_text(yaml.safe_dump(fleet | {"endpoints": endpoints}))
        arguments = ["routebalance", "fleet", "check", str(file), "--timeout", "1"]
        monkeypatch.setattr(sys, "argv", arguments)
        with pytest.raises(SystemExit) as ended:
            cli()
        said = capsys.readouterr()
        code = ended.value.code
        return (code if isinstance(code, int) else 0), said.out, said.err

    return check


def row(out: str, name: str) -> list[str]:
    """The cells of an instance in the table."""
    return next(line.split() for line in out.splitlines() if line.startswith(f"{name} "))


def closed_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def test_a_fleet_without_endpoints_is_simulated(run: Run) -> None:
    status, out, _ = run({}, instances=2)
    assert status == 0
    assert row(out, "7b-1") == ["7b-1", "7b", "qwen-7b", "simulated", "ok", *["-"] * 6]
    assert "2 instances, 0 with something wrong" in out


def test_a_sound_live_server(run: Run) -> None:
    with PageServer(vllm()) as server:
        status, out, _ = run({"7b-0": f"{server.url}/v1"})
    assert status == 0
    expected = ["live", "ok", "0.19.0", "3", "2", "25.0%", "65536", "8192"]
    assert row(out, "7b-0") == ["7b-0", "7b", "qwen-7b", *expected]
    assert sorted(server.asked) == ["/health", "/metrics", "/v1/models", "/version"]


def test_an_emulated_server_says_so(run: Run) -> None:
    with PageServer(vllm(version=Reply(body='{"version":"0.33.0+emulated"}'))) as server:
        status, out, _ = run({"7b-0": server.url})
    assert status == 0
    assert row(out, "7b-0")[3] == "emulated"


@pytest.mark.parametrize(
    ("pages", "said"),
    [
        (vllm(models=models("qwen-7b-chat", "other")), "did you mean 'qwen-7b-chat'"),
        (vllm(models=models()), "it serves none"),
        (vllm(models=None), "answered HTTP 404, so the server is not OpenAI-compatible"),
        (vllm(models=Reply(body="<html>")), "does not list models"),
        (vllm(models=Reply(body='{"data": [{"name": "m"}]}')), "does not list models"),
        (vllm(models=Reply(status=401, body="{}")), "answered HTTP 401: it wants an API key"),
        (vllm(models=Reply(status=500)), "answered HTTP 500"),
        (vllm(metrics=None), "/metrics answered HTTP 404; the metrics of vLLM"),
        (vllm(metrics=Reply(body="up 1\n")), "none of vLLM's metrics"),
        (vllm(metrics=Reply(body=V0_19, delay_s=9.0)), "/metrics did not answer within 1 s"),
        (vllm(health=Reply(status=503)), "answered HTTP 503: the engine is dead"),
    ],
)
def test_wrong_servers(run: Run, pages: dict[str, Any], said: str) -> None:
    with PageServer(pages) as server:
        status, out, _ = run({"7b-0": server.url})
    assert status == 1
    assert row(out, "7b-0")[3:5] == ["live", "wrong"]
    problems = [line for line in out.splitlines() if line.startswith("7b-0: ")]
    assert len(problems) == 1
    assert said in problems[0]
    assert "1 instances, 1 with something wrong" in out


@pytest.mark.parametrize(
    ("declared", "status"), [(65_536, 0), (60_000, 0), (72_000, 0), (59_000, 1), (75_000, 1)]
)
def test_cache_of_another_size(run: Run, declared: int, status: int) -> None:
    with PageServer(vllm()) as server:
        ended, out, _ = run({"7b-0": server.url}, kv_tokens=declared)
    assert ended == status
    assert ("its KV cache holds 65,536 tokens" in out) == (status == 1)


def test_unreachable(run: Run) -> None:
    status, out, _ = run({"7b-0": f"http://127.0.0.1:{closed_port()}"})
    assert status == 1
    assert row(out, "7b-0")[3:] == ["unknown", "unreachable", *["-"] * 6]
    assert "cannot be reached: connection refused" in out


def test_silent(run: Run) -> None:
    with PageServer(vllm(models=Reply(delay_s=9.0))) as server:
        status, out, _ = run({"7b-0": server.url})
    assert status == 1
    assert "/v1/models did not answer within 1 s" in out


def test_not_even_http(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        status, out, _ = run({"7b-0": f"https://127.0.0.1:{other.getsockname()[1]}"})
    assert status == 1
    assert row(out, "7b-0")[4] == "unreachable"


def test_unknown_host(run: Run) -> None:
    status, out, _ = run({"7b-0": "http://no-such-host.invalid:8000"})
    assert status == 1
    assert "its host name is not known" in out or "did not answer within" in out


@pytest.mark.parametrize(
    "url", ["gpu-1:8000", "http://", "ftp://gpu-1", "http://gpu-1:port", "http://gpu-1/?x=1", ""]
)
def test_malformed_urls(run: Run, url: str) -> None:
    status, out, _ = run({"7b-0": url})
    assert status == 1
    assert "http://HOST:PORT is accepted" in out


def test_one_server_for_two_and_none_for_the_third(run: Run) -> None:
    with PageServer(vllm()) as server:
        endpoints = {"7b-0": server.url, "7b-1": f"{server.url}/v1/"}
        status, out, _ = run(endpoints, instances=3)
    assert status == 1
    assert f"7b-1: has the endpoint of 7b-0 ({server.url}); one each is accepted" in out
    assert "7b-2: has no endpoint, but others of this fleet have one" in out
    assert row(out, "7b-0")[4] == "ok"
    assert "3 instances, 2 with something wrong" in out


def test_a_file_that_is_not_there_is_the_users_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["routebalance", "fleet", "check", "no-such.yaml"])
    with pytest.raises(SystemExit) as ended:
        cli()
    assert ended.value.code == 2
    assert capsys.readouterr().err == (
        "error: no-such.yaml: cannot be read (No such file or directory)\n"
    )
