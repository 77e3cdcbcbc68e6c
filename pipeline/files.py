"""Files at the edge: whole or not at all, and identified by what they hold."""

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipeline.errors import DiskError

__all__ = [
    "canonical_json",
    "content_hash",
    "file_hash",
    "write_folder_whole",
    "write_json",
    "write_text",
    "write_whole",
]

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_LEAST_BYTES = 4096  # a block


@contextmanager
def write_whole(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; rename it into place if the block succeeds.

    A reader therefore sees the old file or the new one, never half of it, and a failed or killed
    writer leaves the old one.

    Raises:
        DiskError: there is no room for it.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with _room_for(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            yield partial
            os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def write_folder_whole(folder: Path) -> Iterator[Path]:
    """Yield an empty temporary folder; put it in the place of `folder` if the block succeeds.

    Raises:
        DiskError: there is no room for it.
    """
    partial = folder.with_name(f".{folder.name}.{os.getpid()}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        with _room_for(folder):
            partial.mkdir(parents=True)
            yield partial
            shutil.rmtree(folder, ignore_errors=True)
            os.replace(partial, folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


@contextmanager
def _room_for(path: Path) -> Iterator[None]:
    """Raise a full disk as DiskError, in whatever words a writer of parquet or arrays tells it."""
    try:
        yield
    except Exception as error:
        told = error.errno if isinstance(error, OSError) else None
        if told in _NO_ROOM or _full(path.parent):
            raise DiskError(
                f"{path}: cannot be written, there is no room; make some and run it again, what "
                "had been finished is kept"
            ) from error
        raise


def _full(folder: Path) -> bool:
    return folder.exists() and shutil.disk_usage(folder).free < _LEAST_BYTES


def write_text(path: Path, text: str) -> None:
    """Write a text file, whole or not at all."""
    with write_whole(path) as partial:
        partial.write_text(text, encoding="utf-8")


def write_json(path: Path, value: Any) -> None:
    """Write JSON with sorted keys, so that equal values give equal bytes. NaN is refused."""
    write_text(path, json.dumps(value, indent=2, sort_keys=True, allow_nan=False) + "\n")


def canonical_json(value: Any) -> str:
    """One text per value: sorted keys, no spaces."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def content_hash(value: Any) -> str:
    """SHA-256 of a JSON-able value, as 64 hex digits."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


def file_hash(path: Path) -> str:
    """SHA-256 of a file, or of every file below a folder with its relative name."""
    digest = hashlib.sha256()
    if path.is_file():
        digest.update(path.read_bytes())
        return digest.hexdigest()
    for part in sorted(p for p in path.rglob("*") if p.is_file()):
        digest.update(part.relative_to(path).as_posix().encode())
        digest.update(part.read_bytes())
    return digest.hexdigest()
