"""Learned routers on disk: one .npz each, and a manifest that is checked on load."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.errors import ModelError
from pipeline.scheduling.baselines._base import LearnedRouter
from pipeline.scheduling.baselines._registry import ROUTERS
from pipeline.stored import read_manifest, write_stored

__all__ = ["load_routers", "save_routers"]

_KIND = "routers"


def save_routers(routers: Mapping[str, LearnedRouter], models: list[str], folder: Path) -> None:
    """Write trained routers of these models as one folder, whole or not at all."""

    def fill(part: Path) -> dict[str, Any]:
        for name, router in routers.items():
            learned: dict[str, Any] = router.arrays()
            np.savez(part / f"{name}.npz", **learned)
        return {"models": models, "routers": list(routers)}

    write_stored(_KIND, folder, fill)


def load_routers(folder: Path, models: list[str] | None = None) -> dict[str, LearnedRouter]:
    """Read every router of a folder.

    Args:
        folder: what `save_routers` wrote.
        models: the models that the caller's columns stand for; None asks nothing.

    Raises:
        ModelError: it is absent, damaged, of another kind, of other models, or lacks a router
            that this program knows.
    """
    told = read_manifest(_KIND, folder)
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
