"""A clone of this project whose commands a benchmark runs as a user would."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Clone", "clone"]

_PATIENCE_S = 120.0
_QUIET = {
    "DVC_NO_ANALYTICS": "1",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "1",
    "DEEPEVAL_TELEMETRY_OPT_OUT": "1",
    "DEEPEVAL_DISABLE_DOTENV": "1",
    "HF_HUB_OFFLINE": "1",
    "TOKENIZERS_PARALLELISM": "false",
}


@dataclass(frozen=True)
class Clone:
    """A folder with the committed files, and the environment of this interpreter."""

    folder: Path

    @property
    def _environment(self) -> dict[str, str]:
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        return os.environ | _QUIET | {"PYTHONPATH": str(self.folder), "PATH": path}

    def run(self, *command: str) -> None:
        """Run a command to its end and show it.

        Raises:
            SystemExit: it failed.
        """
        print("$", *command, flush=True)
        ended = subprocess.run(command, cwd=self.folder, env=self._environment)
        if ended.returncode:
            raise SystemExit(f"«{' '.join(command)}» ended with status {ended.returncode}")

    @contextmanager
    def serve(self, *command: str, written: str) -> Iterator[str]:
        """Run a command that serves until it is interrupted; yield what it writes when it listens.

        Raises:
            SystemExit: it ended, or wrote nothing for two minutes.
        """
        print("$", *command, "&", flush=True)
        file = self.folder / written
        file.unlink(missing_ok=True)
        process = subprocess.Popen(
            command, cwd=self.folder, env=self._environment, start_new_session=True
        )
        try:
            _wait(process, file, " ".join(command))
            yield file.read_text()
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def clone(folder: Path) -> Clone:
    """Clone what is committed here into a folder, afresh."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", ".", str(folder)], check=True)
    return Clone(folder.resolve())


def _wait(process: "subprocess.Popen[bytes]", file: Path, command: str) -> None:
    until = time.monotonic() + _PATIENCE_S
    while time.monotonic() < until and process.poll() is None:
        if file.exists():
            return
        time.sleep(0.1)
    raise SystemExit(f"«{command}» does not serve")
