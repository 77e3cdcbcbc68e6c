"""Learners by name, and on disk."""

from pathlib import Path
from typing import Any

from pipeline.errors import ModelError, nearest
from pipeline.predictors._contract import Learner
from pipeline.predictors.learners._knn import Knn
from pipeline.predictors.learners.length import LENGTH_LEARNERS
from pipeline.predictors.learners.quality import QUALITY_LEARNERS
from pipeline.stored import read_manifest

__all__ = ["LEARNERS", "load_learner"]

LEARNERS: dict[str, type[Learner[Any]]] = {
    kind.name: kind for kind in (Knn, *QUALITY_LEARNERS, *LENGTH_LEARNERS)
}


def load_learner(folder: Path) -> Learner[Any]:
    """Read whichever learner a folder holds.

    Raises:
        ModelError: it is absent or damaged, or no learner of this program.
    """
    name = str(read_manifest("learner", folder).get("learner"))
    if name not in LEARNERS:
        raise ModelError(f"{folder}: holds the learner {name!r}; {nearest(name, LEARNERS)}")
    return LEARNERS[name].load(folder)
