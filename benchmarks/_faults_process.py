"""Processes that a benchmark starts, waits for, stops and kills."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

__all__ = ["COMMAND", "Served"]

COMMAND = ("-c", "from pipeline.cli import main; main()")  # `routebalance`, by this interpreter

_PATIENCE_S = 60.0


@dataclass
class Served:
    """A server in a process group of its own, which says in a file that it listens.

    Args:
        arguments: of the interpreter.
        written: the file with its URL.
        folder, environment: where it runs; None for those of this process.
    """

    arguments: list[str]
    written: Path
    folder: Path | None = None
    environment: dict[str, str] | None = None
    _process: "subprocess.Popen[bytes]" = field(init=False)

    def __enter__(self) -> "Served":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    @property
    def url(self) -> str:
        """Where it listens."""
        return self.written.read_text().strip()

    def start(self) -> None:
        """Start it, and wait until it listens. Raises SystemExit where it does not."""
        self.written.unlink(missing_ok=True)
        self._process = subprocess.Popen(
            [sys.executable, *self.arguments],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        _await(self.written, self._process)

    def stay(self) -> None:
        """Let it listen at the same port when it is started again; `--port` is its last option."""
        self.arguments[-1] = str(urlsplit(self.url).port)

    def signal(self, number: int) -> None:
        """Send a signal to it and whatever it started."""
        os.killpg(self._process.pid, number)

    def kill(self) -> None:
        """End it as an operator of a machine that loses power would."""
        if self._process.poll() is None:
            self.signal(signal.SIGKILL)
        self._process.wait()

    def end(self) -> None:
        """Ask it to end, and end it where it does not."""
        if self._process.poll() is None:
            self.signal(signal.SIGCONT)
            self.signal(signal.SIGINT)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self.kill()


def _await(file: Path, process: "subprocess.Popen[bytes]") -> None:
    """Wait until a process has written a file.

    Raises:
        SystemExit: it ended before, or takes longer than a minute.
    """
    until = time.monotonic() + _PATIENCE_S
    while time.monotonic() < until and process.poll() is None:
        if file.exists():
            return
        time.sleep(0.02)
    raise SystemExit(f"no {file.name}: the server ended, or does not listen")
