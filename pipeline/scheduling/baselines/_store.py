"""Learned routers on disk: one .npz each, and a manifest that is checked on load."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.errors import ModelError
from pipeline.files import file_hash, write_folder_whole, write_json
from pipeline.scheduling.baselines._base import LearnedRouter
from pipeline.scheduling.baselines._registry import ROUTERS

__all__ = ["load_routers", "save_routers"]

_MANIFEST = "manifest.json"
_KIND = "routers"


def save_routers(routers: Mapping[str, LearnedRouter], models: list[str], folder: Path) -> None:
    """Write trained routers of these models as one folder, whole or not at all."""
    with write_folder_whole(folder) as part:
        for name, router in routers.items():
            learned: dict[str, Any] = router.arrays()
            np.savez(part / f"{name}.npz", **learned)
        files = {path.name: file_hash(path) for path in sorted(part.iterdir())}
        write_json(
            part / _MANIFEST,
            {"kind": _KIND, "models": models, "routers": list(routers), "files": files},
        )


def load_routers(folder: Path, models: list[str] | None = None) -> dict[str, LearnedRouter]:
    """Read every router of a folder.

    Args:
        folder: what `save_routers` wrote.
        models: the models that the caller's columns stand for; None asks nothing.

    Raises:
        ModelError: it is absent, damaged, of another kind, of other models, or lacks a router
            that this program knows.
    """
    told = _manifest(folder)
    if models is not None and told["models"] != models:
        raise ModelError(
            f"{folder}: trained for {', '.join(told['models'])}, but the fleet has "
            f"{', '.join(models)}; run `dvc repro routers`"
        )
    routers: dict[str, LearnedRouter] = {}
    for name, kind in ROUTERS.items():
        if name not in told["routers"]:
            raise ModelError(f"{folder}: holds no router {name!r}; run `dvc repro routers`")
        with np.load(folder / f"{name}.npz", allow_pickle=False) as stored:
            routers[name] = kind.from_arrays(dict(stored))
    return routers


def _manifest(folder: Path) -> dict[str, Any]:
    path = folder / _MANIFEST
    try:
        told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelError(f"{folder}: holds no routers; run `dvc repro routers`") from error
    except json.JSONDecodeError as error:
        raise ModelError(f"{path}: is not JSON ({error}); run `dvc repro -f routers`") from error
    if told.get("kind") != _KIND:
        raise ModelError(
            f"{folder}: holds a {told.get('kind')!r} model, expected {_KIND!r}; "
            "run `dvc repro -f routers`"
        )
    for name, digest in told["files"].items():
        part = folder / name
        if not part.exists() or file_hash(part) != digest:
            raise ModelError(
                f"{part}: missing or altered since training; run `dvc repro -f routers`"
            )
    return told
