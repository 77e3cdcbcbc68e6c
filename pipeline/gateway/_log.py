"""The trace log: a line per request, whatever becomes of the disk."""

from pathlib import Path
from types import TracebackType
from typing import Self

from pipeline.errors import ParamsError
from pipeline.progress import say

__all__ = ["TraceLog"]


class TraceLog:
    """Appends lines to a file; use it as a context. Without a path it writes nothing.

    A line that cannot be written is counted and said once: requests are served all the same.

    Raises:
        ParamsError: on entering, where the file cannot be opened.
    """

    def __init__(self, path: Path | None) -> None:
        self.path, self.lost = path, 0

    def __enter__(self) -> Self:
        try:
            self._file = None if self.path is None else self.path.open("a", encoding="utf-8")
        except OSError as error:
            raise ParamsError(f"{self.path}: cannot be written ({error.strerror})") from None
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file is not None:
            try:
                self._file.close()
            except OSError as failed:
                self._missed(failed)

    def write(self, line: str) -> None:
        """Append a line, and hand it to the system at once."""
        if self._file is None:
            return
        try:
            self._file.write(line + "\n")
            self._file.flush()
        except OSError as error:
            self._missed(error)

    def _missed(self, error: OSError) -> None:
        if not self.lost:
            say(f"{self.path}: cannot be written ({error.strerror}); requests are served without")
        self.lost += 1
