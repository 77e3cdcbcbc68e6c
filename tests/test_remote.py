"""Outputs through a DVC remote: pushed here, pulled into a fresh clone, nothing is run again."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from pipeline.rows import PROMPTS
from pipeline.schema import read_rows

pytestmark = pytest.mark.slow


def run(folder: Path, *command: str) -> str:
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "DVC_NO_ANALYTICS": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
    }
    ended = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout + ended.stderr


def commit(folder: Path, message: str) -> None:
    run(folder, "git", "add", "--all")
    author = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    run(folder, "git", *author, "commit", "--quiet", "--no-verify", "--message", message)


@pytest.fixture
def project(root: Path, tmp_path: Path) -> Path:
    """This project with ten prompts, in a repository of its own."""
    folder = tmp_path / "project"
    ignored = shutil.ignore_patterns("__pycache__", "tmp", "cache", "config.local")
    for name in ("pipeline", "stages", "data/external", ".dvc"):
        shutil.copytree(root / name, folder / name, ignore=ignored)
    for name in ("dvc.yaml", ".dvcignore", ".gitignore"):
        shutil.copy(root / name, folder / name)
    params = yaml.safe_load((root / "params.yaml").read_text())
    params["prompts"]["per_family"] = 2
    (folder / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False))
    run(folder, "git", "init", "--quiet")
    return folder


def test_outputs_come_back_from_a_remote(project: Path, tmp_path: Path) -> None:
    run(project, "dvc", "repro", "--quiet", "prompts")
    run(project, "dvc", "remote", "add", "--default", "store", str(tmp_path / "store"))
    run(project, "dvc", "push", "prompts")
    commit(project, "Ten prompts and where their outputs are kept")
    clone = tmp_path / "clone"
    run(tmp_path, "git", "clone", "--quiet", str(project), str(clone))
    assert not (clone / "data/prompts.parquet").exists()
    run(clone, "dvc", "pull", "prompts")
    assert read_rows(clone / "data/prompts.parquet", PROMPTS).height == 10
    for name in ("data/prompts.parquet", "data/prompts_card.json"):
        assert (clone / name).read_bytes() == (project / name).read_bytes()
    assert "didn't change, skipping" in run(clone, "dvc", "repro", "prompts")
