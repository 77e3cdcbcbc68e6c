"""`routebalance registry` from the shell: promotion, refusal, force, rollback, and the record."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.cli import main as cli
from pipeline.stage import Paths
from tests.registry_project import make_project, register_again, train, write_data

pytestmark = pytest.mark.filterwarnings("ignore")
Command = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Path:
    return make_project(tmp_path_factory.mktemp("project"), root)


@pytest.fixture
def command(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    """Run `routebalance registry ...`; return status, output and errors."""
    monkeypatch.chdir(project)

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["routebalance", "registry", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli()
        told = capsys.readouterr()
        return int(ended.value.code or 0), told.out, told.err

    return run


def champion(command: Command) -> str:
    """The number of the champion of quality, as `list` shows it."""
    lines = command("list")[1].splitlines()
    (found,) = [line for line in lines if "quality" in line and "champion" in line]
    return found.split()[1]


def test_the_life_of_a_champion(command: Command) -> None:
    assert champion(command) == "1"
    code, out, _ = command("compare", "quality")
    assert code == 0
    assert "regret (0 to 1)" in out
    assert "the gate lets it through" in out
    assert champion(command) == "1"  # comparing decides nothing

    code, out, _ = command("promote", "quality")
    assert (code, out.splitlines()[-1]) == (0, "routebalance-quality: champion 1 -> 2")
    assert champion(command) == "2"

    code, out, _ = command("promote", "routebalance-quality", "--version", "1")
    assert code == 1
    assert "not met: brier better is refuted" in out
    assert champion(command) == "2"

    code, _, err = command("promote", "quality", "--version", "1", "--force")
    assert (code, "--force needs a --reason" in err) == (2, True)
    code, out, _ = command(
        "promote", "quality", "--version", "1", "--force", "--reason", "the other one is gone"
    )
    assert (code, champion(command)) == (0, "1")

    code, out, _ = command("rollback", "quality", "--reason", "it came back")
    assert (code, champion(command)) == (0, "2")
    assert command("rollback", "quality")[0] == 0
    assert champion(command) == "1"
    code, _, err = command("rollback", "quality")
    assert (code, "none came before it" in err) == (2, True)

    code, out, _ = command("history", "quality")
    assert code == 0
    told = [line.split("  ")[-1] for line in out.splitlines() if " -> " in line]
    assert told == ["first", "promoted", "refused", "forced", "rolled back", "rolled back"]
    for words in ("reason: the other one is gone", "reason: it came back", "regret", "refuted"):
        assert words in out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("promote", "qualty"), "did you mean 'quality'"),
        (("promote", "quality", "--version", "9"), "unknown version '9'"),
        (("promote", "length"), "unknown version 'challenger'"),
        (("promote", "quality", "--version", "1"), "is the champion already"),
        (("compare", "latency"), "nothing is registered yet"),
        (("rollback", "length"), "none came before it"),
    ],
)
def test_mistakes_end_in_a_sentence(
    command: Command, arguments: tuple[str, ...], words: str
) -> None:
    code, _, err = command(*arguments)
    assert code == 2
    assert words in err
    assert err.count("error: ") == 1


def test_a_corrupted_version_is_refused(command: Command, project: Path) -> None:
    import mlflow

    root = Path(mlflow.artifacts.download_artifacts("models:/routebalance-quality/2"))
    (file,) = root.rglob("values.npy")
    whole = file.read_bytes()
    file.write_bytes(whole[:-8] + b"corrupt!")
    try:
        code, _, err = command("compare", "quality", "--challenger", "2")
        assert (code, "not the ones that were registered" in err) == (2, True)
    finally:
        file.write_bytes(whole)


def test_other_data_is_said_and_what_was_seen_is_left_out(command: Command) -> None:
    """The data grow: the champion has seen some of what is now tested, the challenger none."""
    before = Paths.DATASET.read_bytes()
    try:
        write_data(Path(), n=600, seed=0)
        train("quality", k=30)
        register_again("quality")
        code, out, _ = command("compare", "quality", "--champion", "1", "--challenger", "3")
        assert code == 0
        assert "data_differs: the champion" in out
        assert "test rows left out that the champion was trained on" in out
    finally:
        Paths.DATASET.write_bytes(before)
