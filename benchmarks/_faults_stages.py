"""Every stage is killed at moments nobody chose, and run again: the same files, nothing twice."""

import json
import os
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import yaml

from benchmarks._faults_outcome import Outcome
from benchmarks._faults_project import Project
from pipeline.progress import say
from pipeline.rows import RESPONSES
from pipeline.schema import read_rows
from pipeline.stage import Paths
from pipeline.streams import stream

__all__ = ["STAGES", "kill_stages", "same_file"]

_ROOT = Path(__file__).parents[1]
STAGES = tuple(yaml.safe_load((_ROOT / "dvc.yaml").read_text())["stages"])
_KILLS = 2
_BETWEEN = 0.3, 0.9  # of the time of an undisturbed run; before that a stage imports
# What is read off a clock differs between any two runs: times of live answers, and one file.
_TIMES = ["ttft_s", "e2e_s", "token_s"]
_CLOCK = "reports/fidelity/clock.json"


def kill_stages(project: Project, stages: tuple[str, ...] = STAGES) -> Iterator[Outcome]:
    """Run stages one after the other; each also in a copy, where it is killed. Yield by stage."""
    for stage in stages:
        say(f"faults: stage {stage}")
        broken = project.copied(project.folder.with_name("broken"))
        began = time.monotonic()
        project.run(stage)
        yield _killed(stage, project, broken, time.monotonic() - began)
        shutil.rmtree(broken.folder)


def _killed(stage: str, whole: Project, broken: Project, lasts_s: float) -> Outcome:
    """Kill it at the drawn moments, let it end, and compare. Units are the files it declares."""
    moments = stream(1, "faults", stage).uniform(*_BETWEEN, _KILLS) * lasts_s
    needed = len(set(broken.asked(stage)))  # by the undisturbed run
    kills, twice = 0, 0
    for moment in (*moments, np.inf):
        kept, asked = broken.kept(stage), len(broken.asked(stage))
        kills += _ended(stage, broken, float(moment))
        news = broken.asked(stage)[asked:]
        twice += max(0, len(news) - (needed - kept))
    declared = _outputs(stage)
    files, found = (_files_of(declared, one.folder) for one in (whole, broken))
    differ = [
        name
        for name in sorted({*files, *found})
        if not same_file(name, whole.folder, broken.folder)
    ]
    return Outcome(
        fault=f"SIGKILL {stage}",
        done=f"killed {kills} of {_KILLS} times within {lasts_s:.1f} s, run again",
        scheduled=len(files),
        rows=len(found),
        ok=len(found) - len(differ),
        failed=len(differ),
        retried=kills,
        paid_twice=twice if needed else None,
        broken=[f"{name} is not that of an undisturbed run" for name in differ],
        notes=f"{needed} questions on the wire" if needed else "",
    )


def _ended(stage: str, project: Project, after_s: float) -> int:
    """Run a stage, and kill it after a while; how many kills it took, 0 or 1."""
    process = project.start(stage)
    until = time.monotonic() + after_s
    while process.poll() is None and time.monotonic() < until:
        time.sleep(0.01)
    killed = process.poll() is None
    if killed:
        os.killpg(process.pid, signal.SIGKILL)
    _, said = process.communicate()
    if not killed and process.returncode:
        raise SystemExit(f"{stage}, after a kill: {said[-2000:]}")
    return int(killed)


def _outputs(stage: str) -> list[str]:
    """Files and folders that a stage declares."""
    declared = yaml.safe_load((_ROOT / "dvc.yaml").read_text())["stages"][stage]
    parts = [*declared["outs"], *declared.get("metrics", []), *declared.get("plots", [])]
    return [part if isinstance(part, str) else next(iter(part)) for part in parts]


def _files_of(declared: list[str], folder: Path) -> list[str]:
    """Every file of these outputs, relative to the project."""
    found = []
    for name in declared:
        path = folder / name
        found += (
            [path] if path.is_file() else sorted(one for one in path.rglob("*") if one.is_file())
        )
    return [path.relative_to(folder).as_posix() for path in found]


def same_file(name: str, one: Path, other: Path) -> bool:
    """Whether a file is the same in two projects, but for times that a wall clock took."""
    if not (one / name).exists() or not (other / name).exists():
        return False
    if name == Paths.RESPONSES.as_posix():
        rows = [read_rows(folder / name, RESPONSES).drop(_TIMES) for folder in (one, other)]
        return rows[0].equals(rows[1])
    if name == _CLOCK:
        return _unclocked(one / name) == _unclocked(other / name)
    return (one / name).read_bytes() == (other / name).read_bytes()


def _unclocked(file: Path) -> list[tuple[str, int, float]]:
    """What the comparison of the two clocks says beside times; both replay when it was sent."""
    rows = json.loads(file.read_text())
    return [(row["metric"], row["requests"], row["speed"]) for row in rows]
