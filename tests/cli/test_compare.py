"""`routebalance compare` on the project's rows and on files."""

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from pipeline.cli import main as cli
from pipeline.rows import REQUESTS
from pipeline.schema import write_rows
from tests.reporting_rows import fleet_rows

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """A project with the arms a, b and best_oracle at 6 and 12/s; status, output and errors."""
    rows = fleet_rows()
    for arm, part in rows.partition_by("arm", as_dict=True).items():
        write_rows(part, tmp_path / "data/requests" / f"{arm[0]}.parquet", REQUESTS)
    write_rows(rows, tmp_path / "all.parquet", REQUESTS)
    write_rows(rows.filter(pl.col("arm") == "b"), tmp_path / "b.parquet", REQUESTS)
    monkeypatch.chdir(tmp_path)

    def compare(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(
            "sys.argv", ["routebalance", "compare", "--resamples", "200", *arguments]
        )
        with pytest.raises(SystemExit) as ended:
            cli()
        told = capsys.readouterr()
        return int(ended.value.code or 0), told.out, told.err

    return compare


def cells(output: str) -> list[str]:
    return [line for line in output.splitlines() if line.startswith("A ")]


@pytest.mark.parametrize(
    ("a", "b", "more"),
    [
        ("a@6", "b@6", []),
        ("steady/a@6", "b", []),
        ("a@6", "b.parquet", []),
        ("all.parquet:a", "b@6", []),
        ("data/requests:a", "b@6", []),
        ("all.parquet", "b@6", ["--arm", "a"]),
    ],
)
def test_every_way_to_name_a_side_is_the_same_comparison(
    run: Run, a: str, b: str, more: list[str]
) -> None:
    status, output, _ = run(a, b, *more)
    assert status == 0
    assert cells(output)[0] == "A steady/a@6   B steady/b@6"
    assert output.splitlines()[:7] == run("a@6", "b@6")[1].splitlines()[:7]


def test_arms_meet_at_every_rate_that_they_share(run: Run) -> None:
    assert cells(run("a", "b")[1]) == [
        "A steady/a@6   B steady/b@6",
        "A steady/a@12   B steady/b@12",
    ]


def test_margin_and_file(run: Run, tmp_path: Path) -> None:
    status, output, _ = run("b@6", "a@6", "--margin", "cost_usd=1e-9", "--out", "found.csv")
    assert status == 0
    [cost] = [line for line in output.splitlines() if line.startswith("cost_usd")]
    assert cost.endswith("worse (by 1e-09)")
    table = pl.read_csv(tmp_path / "found.csv")
    verdicts = dict(table.select("metric", "verdict").iter_rows())
    assert verdicts["cost_usd"] == "refuted"
    assert verdicts["e2e_s"] is None


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["a", "c"], "unknown arm 'c' in c"),
        (["best_orcale", "a"], "did you mean 'best_oracle'"),
        (["all.parquet:best", "a"], "unknown arm 'best'"),
        (["all.parquet", "a"], "3 arms (a, b, best_oracle); name one of them as all.parquet:ARM"),
        (["burst/a", "b"], "unknown traffic 'burst'"),
        (["a@7", "b"], "no rows at 7 requests/s; accepted: 6, 12"),
        (["a@six", "b"], "'six' is not a rate"),
        (["absent.parquet", "a"], "no such file"),
        (["a@6", "b@6", "--margin", "qualty=0.1"], "did you mean 'quality'"),
        (["a@6", "b@6", "--margin", "quality=0"], "not a number above 0"),
        (["a@6", "b@6", "--margin", "quality"], "not a number above 0"),
    ],
)
def test_refuses_in_one_sentence(run: Run, arguments: list[str], told: str) -> None:
    status, _, errors = run(*arguments)
    assert status == 2
    [line] = errors.splitlines()
    assert line.startswith("error: ")
    assert told in line
