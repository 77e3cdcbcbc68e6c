"""Keys in the environment of a whole graph, looked for in every file that it leaves."""

from collections.abc import Iterable
from pathlib import Path

import polars as pl

from benchmarks._faults_outcome import Outcome
from benchmarks._faults_project import JUDGE_KEY, SECRETS, Project

__all__ = ["look_for_keys"]


def look_for_keys(project: Project, stages: Iterable[str]) -> Outcome:
    """Look into what is compressed as well; the units are the files."""
    files = [path for path in project.folder.rglob("*") if path.is_file()]
    found = [path for path in files if any(key.encode() in _text(path) for key in SECRETS.values())]
    problems = [f"a key is in {path.relative_to(project.folder)}" for path in found]
    if project.judge.keys != {f"Bearer {SECRETS[JUDGE_KEY]}"}:
        problems.append("the judge did not get its key")
    return Outcome(
        fault="keys",
        done=f"looked for in every file of {', '.join(stages)}",
        scheduled=len(files),
        rows=len(files),
        ok=len(files) - len(found),
        failed=len(found),
        broken=problems,
    )


def _text(path: Path) -> bytes:
    raw = path.read_bytes()
    if path.suffix != ".parquet":
        return raw
    return raw + pl.read_parquet(path).write_ndjson().encode()
