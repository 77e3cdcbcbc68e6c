"""What was trained, on disk: a folder with a manifest that is checked on load."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pipeline.errors import ModelError
from pipeline.files import file_hash, write_folder_whole, write_json

__all__ = ["read_manifest", "write_stored"]

_MANIFEST = "manifest.json"


def write_stored(kind: str, folder: Path, fill: Callable[[Path], dict[str, Any]]) -> None:
    """Write a folder, whole or not at all: what `fill` puts there, and a manifest.

    Args:
        kind: what it holds, named as the stage that makes it.
        folder: where.
        fill: writes the files into the folder it is given, and returns what else to say of them.
    """
    with write_folder_whole(folder) as part:
        told = fill(part)
        files = {path.name: file_hash(path) for path in sorted(part.iterdir())}
        write_json(part / _MANIFEST, {**told, "kind": kind, "files": files})


def read_manifest(kind: str, folder: Path) -> dict[str, Any]:
    """Return the manifest of a folder whose files are as they were written.

    Raises:
        ModelError: it is absent, damaged or of another kind; the sentence names the command that
            makes it anew.
    """
    path = folder / _MANIFEST
    try:
        told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelError(f"{folder}: holds no {kind} model; run `dvc repro {kind}`") from error
    except json.JSONDecodeError as error:
        raise ModelError(f"{path}: is not JSON ({error}); run `dvc repro -f {kind}`") from error
    if told.get("kind") != kind:
        raise ModelError(
            f"{folder}: holds a {told.get('kind')!r} model, expected {kind!r}; "
            f"run `dvc repro -f {kind}`"
        )
    for name, digest in told["files"].items():
        part = folder / name
        if not part.exists() or file_hash(part) != digest:
            raise ModelError(
                f"{part}: missing or altered since training; run `dvc repro -f {kind}`"
            )
    return told
