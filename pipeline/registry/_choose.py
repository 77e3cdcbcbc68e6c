"""Which version of each predictor a load test uses."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import UnknownNameError
from pipeline.params import Params
from pipeline.registry._fetch import fetch
from pipeline.registry._versions import (
    CHALLENGER,
    CHAMPION,
    Version,
    find_version,
    versions_of,
)
from pipeline.rows import PREDICTORS

if TYPE_CHECKING:
    from mlflow import MlflowClient

__all__ = ["CURRENT", "chosen_folders"]

CURRENT = "current"


def chosen_folders(
    params: Params, client: "MlflowClient", every: str, own: Mapping[str, str]
) -> dict[str, Path]:
    """Folders of the chosen versions, by predictor; one that stays as the last run left it is none.

    Args:
        params: says what the predictors are called.
        client: of the store.
        every: current (as the last run left them), champion, or challenger: where a predictor has
            no challenger, that is its champion.
        own: number or alias of a single predictor, whatever `every` says.

    Raises:
        ModelError, UnknownNameError: there is no such version, or it cannot be read.
    """
    if every not in (CURRENT, CHAMPION, CHALLENGER):
        raise UnknownNameError("choice", every, (CURRENT, CHAMPION, CHALLENGER), "--predictors")
    found = {}
    for kind in PREDICTORS:
        asked = own.get(kind, every)
        if asked != CURRENT:
            name = f"{params.register_.prefix}-{kind}"
            versions = versions_of(client, name)
            if kind not in own and not _has(versions, asked):
                asked = CHAMPION
            found[kind] = fetch(find_version(versions, name, asked))
    return found


def _has(versions: Sequence[Version], alias: str) -> bool:
    return any(alias in one.aliases for one in versions)
