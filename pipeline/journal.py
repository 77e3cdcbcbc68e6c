"""Row journal: what a long stage has already paid for.

One SQLite file per stage maps a content key to a finished row. Each row is committed when it is
done, so a killed stage loses at most the rows in flight, and the next run pays only for the rest.
The key is a hash of everything that determines the row; change an input and the key changes.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from filelock import FileLock, Timeout

from pipeline.errors import DataError, DiskError
from pipeline.progress import say

__all__ = ["Journal", "read_journal"]

_NO_ROOM = (
    "{}: a finished row cannot be kept, there is no room or the disk fails; make room and run it "
    "again, the rows before it are kept"
)


class Journal:
    """A persistent mapping from content key to JSON row; safe to kill at any moment.

    One process holds it at a time. A stage whose `dvc repro` was killed may live on; the next run
    then waits for it, so that no row is paid for twice.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path, self._lock = path, _locked(path)
        # check_same_thread: asyncio judges write from the loop's thread, never from two at once.
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        try:
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=NORMAL")
            self._db.execute(
                "CREATE TABLE IF NOT EXISTS done (key TEXT PRIMARY KEY, row TEXT NOT NULL)"
            )
        except sqlite3.DatabaseError as error:
            self._close()
            if _no_room(error):
                raise DiskError(_NO_ROOM.format(path)) from error
            raise DataError(
                f"{path}: not a readable journal ({error}); delete it to start the stage afresh"
            ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._close()

    def _close(self) -> None:
        self._db.close()
        self._lock.release()

    def __len__(self) -> int:
        count: int = self._db.execute("SELECT COUNT(*) FROM done").fetchone()[0]
        return count

    def get_many(self, keys: Iterable[str]) -> dict[str, dict[str, Any]]:
        """Return the rows that are already done, by key."""
        return _found(self._db, keys)

    def put(self, key: str, row: dict[str, Any]) -> None:
        """Record one finished row; durable against a kill of the process once this returns.

        Raises:
            DiskError: there is no room for it.
        """
        line = json.dumps(row, allow_nan=False)
        try:
            self._db.execute("INSERT OR REPLACE INTO done VALUES (?, ?)", (key, line))
        except sqlite3.OperationalError as error:
            if not _no_room(error):
                raise
            raise DiskError(_NO_ROOM.format(self._path)) from error


def read_journal(path: Path, keys: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return the rows that are done, by key; none where there is no journal yet.

    Nobody is waited for: a stage at work may add rows meanwhile.

    Raises:
        DataError: the file is no journal.
    """
    if not path.exists():
        return {}
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as db:
        try:
            return _found(db, keys)
        except sqlite3.DatabaseError as error:
            raise DataError(f"{path}: not a readable journal ({error})") from error


def _found(db: sqlite3.Connection, keys: Iterable[str]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for chunk in _chunks(list(keys), 500):
        marks = ",".join("?" * len(chunk))
        query = f"SELECT key, row FROM done WHERE key IN ({marks})"
        found.update((key, json.loads(row)) for key, row in db.execute(query, chunk))
    return found


def _no_room(error: sqlite3.Error) -> bool:
    # A file system that is full in the middle of a page is an I/O error to SQLite.
    return error.sqlite_errorname.startswith(("SQLITE_FULL", "SQLITE_IOERR"))


def _locked(path: Path) -> FileLock:
    """Take the journal's lock; the system frees it when its holder ends, however it ends."""
    lock = FileLock(f"{path}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        say(f"{path.stem}: another run of this stage is still at work; waiting for it to end")
        lock.acquire()
    return lock


def _chunks(items: list[str], size: int) -> Iterator[list[str]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
