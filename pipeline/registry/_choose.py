"""Which version of each predictor a load test uses."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.params import Params
from pipeline.registry._fetch import fetch
from pipeline.registry._versions import find_version, versions_of
from pipeline.stage import Paths

if TYPE_CHECKING:
    from mlflow import MlflowClient

__all__ = ["chosen_folders"]


def chosen_folders(
    params: Params, client: "MlflowClient", versions: Mapping[str, str]
) -> dict[str, Path]:
    """Folders of the named versions, by predictor.

    Args:
        params: says what the predictors are called.
        client: of the store.
        versions: number or alias by predictor; a predictor that is not named stays out.

    Raises:
        ModelError, UnknownNameError: there is no such version, or it cannot be read.
    """
    found = {}
    for kind, asked in versions.items():
        name = f"{params.register_.prefix}-{kind}"
        version = find_version(versions_of(client, name), name, asked)
        found[kind] = fetch(version, Paths.KEPT / "registry")
    return found
