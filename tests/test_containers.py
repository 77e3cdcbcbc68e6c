"""The container file and the compose file, read as their engines would; nothing is built here."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from click import Context

from pipeline.cli._app import app

KEYS = {"GATEWAY_KEYS", "GATEWAY_ADMIN_KEYS"}


@pytest.fixture(scope="module")
def compose(root: Path) -> dict[str, Any]:
    told: dict[str, Any] = yaml.safe_load((root / "compose.yaml").read_text())
    return told


@pytest.fixture(scope="module")
def steps(root: Path) -> list[tuple[str, str]]:
    """Instructions of the container file with what they are told, continued lines joined."""
    text = re.sub(r"\\\n\s*", "", (root / "Containerfile").read_text())
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(name, rest) for name, _, rest in (line.partition(" ") for line in lines)]


def parsed(arguments: list[str]) -> dict[str, Any]:
    """What the command line makes of the arguments of `routebalance`, without running them."""
    command = typer.main.get_command(app)
    context = Context(command, info_name="routebalance")
    while hasattr(command, "commands"):
        name, *arguments = arguments
        command = command.commands[name]
        context = Context(command, parent=context, info_name=name)
    made = command.make_context(name, arguments, parent=context)
    return dict(made.params)


def test_the_image_is_pinned_unprivileged_and_made_from_the_lock(
    steps: list[tuple[str, str]], root: Path
) -> None:
    names = [name for name, _ in steps]
    assert names.count("FROM") == 1
    assert re.fullmatch(r"\S+/python:3\.\d+\S*", steps[names.index("FROM")][1])
    users = [rest for name, rest in steps if name == "USER"]
    assert users
    assert not {"root", "0"} & set(users)
    made = steps.index(("RUN", "make env"))
    assert made > names.index("USER")
    copied = [rest for name, rest in steps[:made] if name == "COPY"]
    assert "requirements.lock" in copied[0]
    for source in (part for rest in copied for part in rest.split()[1:-1]):
        assert (root / source).exists()
        assert f"!{source}" in (root / ".dockerignore").read_text().splitlines()


def test_no_secret_is_written_down(steps: list[tuple[str, str]], compose: dict[str, Any]) -> None:
    told = " ".join(rest for name, rest in steps if name in ("ENV", "ARG"))
    assert not re.search(r"(?i)key|token|password|secret", told)
    for service in compose["services"].values():
        for name, value in service.get("environment", {}).items():
            if re.search(r"(?i)key|token|password|secret", name):
                assert re.fullmatch(rf"\$\{{{name}(:-)?\}}", value), name


def test_every_service_is_the_same_image_and_open_on_this_machine_alone(
    compose: dict[str, Any],
) -> None:
    assert set(compose["services"]) == {"mlflow", "fleet", "gateway"}
    for name, service in compose["services"].items():
        assert service["build"]["dockerfile"] == "Containerfile"
        assert service["cap_drop"] == ["ALL"]
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", [])), name
        kind, *check = service["healthcheck"]["test"]
        assert (kind, check[:2]) == ("CMD", ["python", "-c"])
        compile(check[2], name, "exec")
        for volume in service["volumes"]:
            source = volume.split(":")[0]
            assert source == "." or source in compose["volumes"]
        assert set(service.get("depends_on", {})) <= set(compose["services"])


def test_the_commands_are_those_of_the_command_line(compose: dict[str, Any]) -> None:
    fleet = parsed(compose["services"]["fleet"]["command"][1:])
    gateway = parsed(compose["services"]["gateway"]["command"][1:])
    assert fleet["host"] == compose["services"]["fleet"]["hostname"]
    assert fleet["write"] == gateway["fleet"]
    assert {gateway["key_variable"], gateway["admin_key_variable"]} == KEYS
    assert set(compose["services"]["gateway"]["environment"]) >= KEYS
    assert compose["services"]["gateway"]["ports"] == [f"127.0.0.1:{gateway['port']}:8080"]


@pytest.mark.filterwarnings("ignore")  # of what MLflow imports
def test_the_gateway_s_registry_is_the_server_beside_it(
    compose: dict[str, Any], root: Path
) -> None:
    from mlflow.cli import cli

    program, name, *arguments = compose["services"]["mlflow"]["command"]
    assert program == "mlflow"
    made = cli.commands[name].make_context(name, arguments, resilient_parsing=True)
    address = compose["services"]["gateway"]["environment"]["MLFLOW_TRACKING_URI"]
    assert address == f"http://mlflow:{made.params['port']}"
    assert address.removeprefix("http://") in made.params["allowed_hosts"].split(",")
    arm = parsed(compose["services"]["gateway"]["command"][1:])["arm"]
    assert arm in yaml.safe_load((root / "params.yaml").read_text())["loadtest"]["arms"]


def test_the_commands_of_its_comment_name_services_and_variables(
    compose: dict[str, Any], root: Path
) -> None:
    comment = [
        shlex.split(line[1:])
        for line in (root / "compose.yaml").read_text().splitlines()
        if line.startswith("#") and "docker compose up" in line
    ]
    assert {word for line in comment for word in line[-2:] if not word.startswith("-")} <= {
        *compose["services"]
    }
    assert {word.split("=")[0] for line in comment for word in line if "=" in word} == KEYS
