"""`routebalance report open`, without a browser."""

import webbrowser
from pathlib import Path

import pytest

from pipeline.cli import main as cli


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the browser was given."""
    pages: list[str] = []
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(webbrowser, "open", lambda url: not pages.append(url))
    return pages


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr("sys.argv", ["routebalance", "report", "open", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli()
    return int(ended.value.code or 0)


def page(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("<html></html>")
    return path


def test_opens_the_page_and_prints_where_it_is(
    opened: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = page(tmp_path / "reports/report.html")
    assert run(monkeypatch) == 0
    assert opened == [file.resolve().as_uri()]
    assert capsys.readouterr().out == f"{file.resolve()}\n"


def test_only_prints_on_demand_and_takes_another_page(
    opened: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = page(tmp_path / "other.html")
    assert run(monkeypatch, "--no-browser", "--path", "other.html") == 0
    assert opened == []
    assert capsys.readouterr().out == f"{file.resolve()}\n"


def test_says_where_no_browser_starts(
    opened: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    page(tmp_path / "reports/report.html")
    monkeypatch.setattr(webbrowser, "open", lambda url: False)
    assert run(monkeypatch) == 0
    assert "no browser could be started" in capsys.readouterr().out


def test_says_what_to_run_where_there_is_none(
    opened: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch) == 2
    assert "run `dvc repro report`" in capsys.readouterr().err
    assert opened == []
