"""Errors, streams, files, schemas, journal: the parts that everything stands on."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from pipeline.errors import DataError, SchemaError, UnknownNameError
from pipeline.files import file_hash, write_folder_whole, write_json, write_text
from pipeline.journal import Journal
from pipeline.schema import Column, Schema, read_rows, write_rows
from pipeline.streams import stream, unit_hash

TOY = Schema(
    "toy",
    (Column("id", pl.String, "id"), Column("score", pl.Float64, "score", True, 0.0, 1.0)),
    key=("id",),
)


def test_unknown_name_tells_the_nearest() -> None:
    error = UnknownNameError("arm", "fussed", ["fused", "random"], "loadtest.arms")
    assert str(error) == (
        "unknown arm 'fussed' in loadtest.arms; did you mean 'fused'? accepted: fused, random"
    )


def test_streams_are_equal_by_name_and_independent_otherwise() -> None:
    assert stream(1, "arrivals", 6.0).random() == stream(1, "arrivals", 6.0).random()
    names = [("arrivals", 6.0), ("arrivals", 12.0), ("prompts", 6.0), ("arrivals", 6.0, 1)]
    draws = [stream(1, *name).random() for name in names] + [stream(2, "arrivals", 6.0).random()]
    assert len(set(draws)) == len(draws)


def test_unit_hash_is_uniform_and_stable() -> None:
    values = np.array([unit_hash(str(i), "split") for i in range(20_000)])
    assert abs(values.mean() - 0.5) < 4 * (1 / 12) ** 0.5 / 20_000**0.5
    assert unit_hash("a", "split") == 0.3346069624705753


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_json(path, {"b": 1})
    with pytest.raises(ValueError, match="JSON"):
        write_json(path, {"b": float("nan")})
    assert path.read_text() == '{\n  "b": 1\n}\n'
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"]


def test_a_failed_folder_leaves_the_old_folder(tmp_path: Path) -> None:
    def write(text: str, fails: bool) -> None:
        with write_folder_whole(tmp_path / "out") as folder:
            write_text(folder / "a.txt", text)
            if fails:
                raise RuntimeError("disk full")

    write("old", fails=False)
    with pytest.raises(RuntimeError, match="disk full"):
        write("new", fails=True)
    assert (tmp_path / "out" / "a.txt").read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_file_hash_sees_names_and_contents(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_text(tmp_path / name / "x.txt", "same")
    assert file_hash(tmp_path / "a") == file_hash(tmp_path / "b")
    (tmp_path / "b" / "x.txt").rename(tmp_path / "b" / "y.txt")
    assert file_hash(tmp_path / "a") != file_hash(tmp_path / "b")


def test_rows_go_round_and_bytes_are_equal(tmp_path: Path) -> None:
    frame = TOY.frame([{"id": "a", "score": None}, {"id": "b", "score": 0.0}])
    for name in ("one", "two"):
        write_rows(frame, tmp_path / name, TOY)
    assert read_rows(tmp_path / "one", TOY).equals(frame)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


@pytest.mark.parametrize(
    ("frame", "told"),
    [
        (pl.DataFrame({"id": ["a"]}), "'score' of toy rows is missing"),
        (pl.DataFrame({"id": ["a"], "score": [0.1], "scores": [1]}), "did you mean 'score'"),
        (pl.DataFrame({"id": [1], "score": [0.1]}), "is Int64, expected String"),
        (pl.DataFrame({"id": [None], "score": [0.1]}, schema=TOY.polars()), "1 nulls"),
        (pl.DataFrame({"id": ["a"], "score": [1.5]}), "goes up to 1.5"),
        (pl.DataFrame({"id": ["a"], "score": [float("nan")]}), "must be null"),
        (pl.DataFrame({"id": ["a", "a"], "score": [0.1, 0.2]}), "share a key"),
    ],
)
def test_schema_breaches_name_column_and_fix(frame: pl.DataFrame, told: str) -> None:
    with pytest.raises(SchemaError, match=told):
        TOY.check(frame, "toy.parquet")


def test_a_column_of_nulls_is_accepted_where_nulls_are() -> None:
    frame = TOY.check(pl.DataFrame({"id": ["a"], "score": [None]}), "memory")
    assert frame["score"].dtype == pl.Float64


def test_journal_keeps_rows_and_refuses_garbage(tmp_path: Path) -> None:
    with Journal(tmp_path / "j.sqlite") as journal:
        journal.put("a", {"x": None})
        journal.put("b", {"x": 0.0})
    with Journal(tmp_path / "j.sqlite") as journal:
        assert len(journal) == 2
        assert journal.get_many(["a", "b", "c"]) == {"a": {"x": None}, "b": {"x": 0.0}}
        assert len(journal.get_many(str(i) for i in range(2000))) == 0
    (tmp_path / "bad.sqlite").write_bytes(b"x" * 4096)
    with pytest.raises(DataError, match="not a readable journal"):
        Journal(tmp_path / "bad.sqlite")


HOLDER = """
import sys, time
from pathlib import Path
from pipeline.journal import Journal
with Journal(Path(sys.argv[1])) as journal:
    print("held", flush=True)
    time.sleep(0.5)
    journal.put("a", {"x": 1})
"""


def test_a_second_run_waits_for_the_first(
    tmp_path: Path, root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "collect.sqlite"
    command = [sys.executable, "-c", HOLDER, str(path)]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "held\n"
        with Journal(path) as second:
            assert second.get_many(["a"]) == {"a": {"x": 1}}
    assert "collect: another run of this stage" in capsys.readouterr().err


def test_journal_is_plain_sqlite(tmp_path: Path) -> None:
    with Journal(tmp_path / "j.sqlite") as journal:
        journal.put("a", {"x": 1})
    database = sqlite3.connect(tmp_path / "j.sqlite")
    assert database.execute("SELECT key, row FROM done").fetchall() == [("a", '{"x": 1}')]
    database.close()
