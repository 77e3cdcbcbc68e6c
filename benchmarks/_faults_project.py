"""A small project whose models and judge are on the wire, and its stages as processes."""

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks._faults_judge_server import Judge, serving_judge
from benchmarks._faults_process import Served
from benchmarks._faults_till import serving_till
from pipeline.params import load_params
from pipeline.params.overlay import apply_overlay
from pipeline.stage import Paths

__all__ = ["GATEWAY_KEY", "JUDGE_KEY", "SECRETS", "Project", "open_project"]

MODEL_KEY, JUDGE_KEY, GATEWAY_KEY = "FAULTS_MODEL_KEY", "FAULTS_JUDGE_KEY", "FAULTS_GATEWAY_KEY"
SECRETS = {
    MODEL_KEY: "sk-made-up-9c4e07",
    JUDGE_KEY: "sk-made-up-55d1b8",
    GATEWAY_KEY: "sk-made-up-e18f3a",
}

_ROOT = Path(__file__).parents[1]
_QUIET = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "1", "HF_HUB_OFFLINE": "1",
          "DEEPEVAL_TELEMETRY_OPT_OUT": "1", "DEEPEVAL_DISABLE_DOTENV": "1"}  # fmt: skip
# What takes long on top of what presets/live.yaml makes small.
_SMALL = (
    "profile.runs=5",
    "profile.requests=40",
    "profile.loads=[0.05, 0.5]",
    "fidelity.seeds=[1, 2]",
    "fidelity.clock.requests=39",
    "frontier.resamples=200",
    "ablation.resamples=200",
    "drift.resamples=200",
    # A busy machine must not decide whether a fault is survived.
    "loadtest.http.max_lag_ms=5000.0",
)


@dataclass(frozen=True)
class Project:
    """A folder with a params.yaml, the instances that answer it, and its judge."""

    folder: Path
    instances: dict[str, Served]
    judge: Judge

    @property
    def tills(self) -> list[Path]:
        """What its instances wrote down."""
        return [served.written.with_suffix(".till") for served in self.instances.values()]

    def asked(self, stage: str) -> list[str]:
        """What the servers of a stage were asked so far, in order; nothing for most stages."""
        if stage == "judge":
            return list(self.judge.asked)
        if stage != "collect":
            return []
        lines = [
            (till.name, line.split())
            for till in self.tills
            for line in till.read_text().splitlines()
        ]
        return [f"{name} {key}" for name, (what, key, _) in lines if what == "asked"]

    def kept(self, stage: str) -> int:
        """Answers from the wire in the journal of a stage: those that say how long they were."""
        path = self.folder / Paths.KEPT / f"{stage}.sqlite"
        if not path.exists():
            return 0
        with closing(sqlite3.connect(path)) as journal:
            [told] = journal.execute("SELECT COUNT(*) FROM done WHERE row ->> 'prompt_tokens' > 0")
        return int(told[0])

    def copied(self, folder: Path) -> "Project":
        """The same project with what it has so far, in another folder."""
        shutil.copytree(self.folder, folder)
        return Project(folder, self.instances, self.judge)

    @property
    def environment(self) -> dict[str, str]:
        """Of its stages."""
        return os.environ | _QUIET | SECRETS | {"PYTHONPATH": str(_ROOT)}

    def start(self, stage: str) -> "subprocess.Popen[str]":
        """Start a stage in a process group of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", f"stages.{stage}"],
            cwd=self.folder,
            env=self.environment,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, stage: str) -> None:
        """Run a stage to its end. Raises SystemExit where it fails."""
        process = self.start(stage)
        _, said = process.communicate()
        if process.returncode:
            raise SystemExit(f"{stage}: {said[-2000:]}")


@contextmanager
def open_project(per_family: int) -> Iterator[Project]:
    """Make the project, of so many prompts in each of five families, and start what it asks."""
    with ExitStack() as opening:
        home = Path(opening.enter_context(TemporaryDirectory()))
        folder = home / "project"
        folder.mkdir()
        params = folder / Paths.PARAMS
        shutil.copy(_ROOT / Paths.PARAMS, params)
        preset = _ROOT / "presets" / "live.yaml"
        apply_overlay(params, preset, [])
        told = load_params(params)
        fleet = told.base.fleet
        judge = opening.enter_context(serving_judge())
        judge.well = True
        changes = [*_SMALL, f"prompts.per_family={per_family}"]
        for name in told.judge.judges:
            asked = f"judge.judges.{name}"
            changes += [f"{asked}.endpoint={judge.url}", f"{asked}.key_variable={JUDGE_KEY}"]
        instances = {name: serving_till(params, name, home) for name in fleet.instance_names}
        for name, till in instances.items():
            served = opening.enter_context(till)
            served.stay()
            model = fleet.tiers[name.rpartition("-")[0]].model
            asked = f"collect.live.models.{model}"
            changes += [f"{asked}.endpoint={served.url}", f"{asked}.key_variable={MODEL_KEY}"]
            changes.append(f"base.fleet.endpoints.{name}={served.url}")
        apply_overlay(params, preset, changes)
        yield Project(folder, instances, judge)
