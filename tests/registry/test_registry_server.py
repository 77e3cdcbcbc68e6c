"""The registry on a server of MLflow: nothing but an address and MLflow's own variables differs."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.errors import EndpointError, ParamsError
from pipeline.params import load_params
from pipeline.registry import opened, promote, register
from tests.registry_project import blank_store, params_file, train, trained, write_data


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def await_health(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urllib.request.urlopen(f"{address}/health", timeout=5):
                return
        except OSError:
            time.sleep(0.2)
    pytest.fail(f"the server did not start: {log.read_text()[-2000:]}")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """A server of MLflow on this machine, its store and its artifacts below `tmp_path`."""
    folder = tmp_path / "server"
    folder.mkdir()
    blank_store(folder / "mlflow.db")
    port = free_port()
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port),
               "--backend-store-uri", f"sqlite:///{folder}/mlflow.db", "--workers", "1",
               "--artifacts-destination", str(folder / "artifacts")]  # fmt: skip
    env = {name: value for name, value in os.environ.items() if name != "MLFLOW_TRACKING_URI"}
    quiet = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            command, env=env | quiet, stdout=log, stderr=log, start_new_session=True
        )
    address = f"http://127.0.0.1:{port}"
    try:
        await_health(address, process, folder / "log")
        yield address
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=60)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_server_registers_and_promotes(
    server: str, tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "project"
    project.mkdir()
    monkeypatch.chdir(project)
    params = params_file(root, project)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server)
    write_data(project)
    train("quality", blind=True)
    (first,) = register([trained("quality")], params.register_)
    train("quality")
    (second,) = register([trained("quality")], params.register_)
    assert (first.aliases, second.aliases) == (["champion"], ["challenger"])
    with opened(params.register_) as client:
        ended = promote("quality", params, client)
        assert (ended.outcome, ended.champion, ended.challenger) == ("promoted", 1, 2)
        assert client.get_model_version_by_alias(ended.name, "champion").version == "2"
    assert not (project / "mlflow.db").exists()
    assert any((tmp_path / "server" / "artifacts").rglob("card.md"))


def test_a_server_out_of_reach_is_a_sentence_without_its_password(
    tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    params = params_file(root, tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://me:se@cret@127.0.0.1:{free_port()}")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(EndpointError) as caught, opened(params.register_):
        pass
    assert str(caught.value).startswith("MLFLOW_TRACKING_URI 'http://***@127.0.0.1")
    assert "cret" not in str(caught.value)


@pytest.mark.filterwarnings("ignore")  # of what MLflow imports
def test_a_store_leaves_no_address_behind(
    tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    blank_store(tmp_path / "mlflow.db")
    with opened(params_file(root, tmp_path).register_):
        assert "MLFLOW_TRACKING_URI" not in os.environ


def test_a_password_in_params_is_refused_and_not_repeated(tmp_path: Path, root: Path) -> None:
    params_file(root, tmp_path)
    file = tmp_path / "params.yaml"
    file.write_text(file.read_text().replace("sqlite:///", "http://me:secret@host/"))
    with pytest.raises(ParamsError, match=r"register\.tracking_uri: an address with") as caught:
        load_params(file)
    assert "secret" not in str(caught.value)
