"""No room left: what was there stays, nothing half is left behind, and it is one sentence."""

import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.journal import Journal

# Beyond 64 KiB every write of this process fails, as on a full disk or under a quota.
LIMITED = """
import resource, signal, sys
from pathlib import Path
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))
from pipeline.stage import exit_on_error
"""
WRITERS = {
    "text": """
from pipeline.files import write_text
work = lambda: write_text(Path("out"), "x" * 100_000)
""",
    "folder": """
from pipeline.files import write_folder_whole
def work():
    with write_folder_whole(Path("out")) as folder:
        (folder / "first").write_text("a")
        (folder / "second").write_text("x" * 100_000)
""",
}


def run(code: str, folder: Path, root: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", LIMITED + code + "\nexit_on_error(work)"],
        cwd=folder,
        env={"PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize("writer", ["text", "folder"])
def test_what_was_there_stays_and_nothing_half_is_left(
    writer: str, tmp_path: Path, root: Path
) -> None:
    old = tmp_path / "out"
    if writer == "folder":
        old.mkdir()
        old /= "first"
    old.write_text("as it was")
    ended = run(WRITERS[writer], tmp_path, root)
    assert ended.returncode == 2
    assert ended.stderr.splitlines() == [
        "error: out: cannot be written, there is no room; make some and run it again, what had "
        "been finished is kept"
    ]
    assert old.read_text() == "as it was"
    assert [one.name for one in tmp_path.iterdir()] == ["out"]


JOURNAL = """
from pipeline.journal import Journal
def work():
    with Journal(Path("paid.sqlite")) as journal:
        for number in range(1000):
            journal.put(str(number), {"answer": "x" * 500})
            print(number, flush=True)
"""


def test_a_journal_keeps_what_it_had_and_goes_on_where_there_is_room(
    tmp_path: Path, root: Path
) -> None:
    ended = run(JOURNAL, tmp_path, root)
    assert ended.returncode == 2
    [said] = ended.stderr.splitlines()
    assert said.startswith("error: paid.sqlite: a finished row cannot be kept, there is no room")
    told = [int(line) for line in ended.stdout.split()]
    assert 1 < len(told) < 1000
    with Journal(tmp_path / "paid.sqlite") as journal:
        assert len(journal.get_many(map(str, told))) == len(told) == len(journal)
        journal.put("another", {"answer": "there is room again"})
