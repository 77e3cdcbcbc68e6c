"""A disk that is full in the middle of a collection, and then has room. Label: emulated.

The disk is a small file system of its own, seen by the stage alone (`unshare`, `mount`).
"""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks._faults_outcome import Outcome
from benchmarks._faults_project import Project
from benchmarks._faults_stages import same_file
from pipeline.rows import RESPONSES
from pipeline.schema import read_rows
from pipeline.stage import Paths

__all__ = ["full_disks"]

_ROOMY = "64m"
# The folder $1 gets $2 of room, then $3; what is in it after each run goes to $4 and $5. The rest
# are the tills, as they are between the runs.
_SCRIPT = f"""
set -e
cp -r "$1" "$4"
mount -t tmpfs -o size="$2" none "$1"
cp -r "$4/." "$1"
{sys.executable} -m stages.collect || echo $? > full.status
rm -r "$4" && cp -r "$1" "$4"
place="$1" room="$3" after="$5"
shift 5 && cat "$@" > between.till
mount -o remount,size="$room" "$place"
{sys.executable} -m stages.collect
cp -r "$place" "$after"
"""


@dataclass(frozen=True)
class _Disk:
    """What is on the disk, how much room it has, and what must be of it after it was full."""

    name: str
    folder: Path
    room: str


def full_disks(project: Project) -> Iterator[Outcome]:
    """Collect in copies of a project that has its prompts, each with another disk full.

    The project itself is run undisturbed for comparison.
    """
    size = (project.folder / Paths.PROMPTS).stat().st_size
    fresh = project.copied(project.folder.with_name("fresh"))
    project.run("collect")
    needed = len(set(project.asked("collect")))
    for disk in (
        _Disk("journal", Paths.KEPT.parent, "300k"),
        _Disk("rows", Paths.RESPONSES.parent, f"{size // 1024 + 24}k"),
    ):
        broken = fresh.copied(project.folder.with_name(f"full-{disk.name}"))
        yield _filled(disk, project, broken, needed)


def _filled(disk: _Disk, whole: Project, broken: Project, needed: int) -> Outcome:
    place = broken.folder / disk.folder
    place.mkdir(parents=True, exist_ok=True)
    full, after = (broken.folder / name for name in ("when-full", "after"))
    words = [str(place), disk.room, _ROOMY, str(full), str(after), *map(str, broken.tills)]
    ended = subprocess.run(
        ["unshare", "-rm", "sh", "-c", _SCRIPT, "sh", *words],
        cwd=broken.folder,
        env=broken.environment,
        capture_output=True,
        text=True,
    )
    status, between = (broken.folder / name for name in ("full.status", "between.till"))
    name = f"disk full: {disk.name}"
    if not between.exists():
        return Outcome(name, "NOT TRIED: no file system can be mounted here", 0, 0, 0)
    _put(full, place)
    kept = broken.kept("collect")
    left = [one.name for one in place.rglob("*") if one.name.endswith(".partial")]
    problems = [f"half a file was left: {left[0]}"] if left else []
    _put(after, place)
    said = [line for line in ended.stderr.splitlines() if line.startswith("error: ")]
    if not status.exists() or status.read_text().strip() != "2" or len(said) != 1:
        problems.append(f"it did not end with one sentence: {ended.stderr[-300:]}")
    if not same_file(Paths.RESPONSES.as_posix(), whole.folder, broken.folder):
        problems.append("the rows are not those of a run with room")
    rows = [_rows(project) for project in (whole, broken)]
    asked_again = len(broken.asked("collect")) - between.read_text().count("asked ")
    return Outcome(
        fault=name,
        done=f"{disk.room} of room for {disk.folder}, then {_ROOMY}",
        scheduled=rows[0],
        rows=rows[1],
        ok=rows[1],
        paid_twice=asked_again - (needed - kept),
        broken=problems,
        notes=f"{kept} answers were kept when it was full",
    )


def _put(folder: Path, place: Path) -> None:
    shutil.rmtree(place)
    folder.rename(place)


def _rows(project: Project) -> int:
    path = project.folder / Paths.RESPONSES
    return read_rows(path, RESPONSES).height if path.exists() else 0
