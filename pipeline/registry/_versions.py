"""Registered versions: named, listed, found by number or alias."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pipeline.errors import ModelError, UnknownNameError
from pipeline.rows import PREDICTORS

if TYPE_CHECKING:
    from mlflow import MlflowClient

__all__ = [
    "CHALLENGER",
    "CHAMPION",
    "Version",
    "find_version",
    "key_numbers",
    "kind_of",
    "versions_of",
]

CHAMPION, CHALLENGER = "champion", "challenger"


@dataclass(frozen=True)
class Version:
    """One version of a registered predictor.

    Attributes:
        name: registered name.
        number: version, from 1.
        aliases: champion, challenger or whatever else points here.
        run_id: the run that logged it.
        tags: model_sha256, data_sha256 and so on.
        created: when.
    """

    name: str
    number: int
    aliases: tuple[str, ...]
    run_id: str
    tags: Mapping[str, str]
    created: datetime


def kind_of(asked: str, prefix: str) -> str:
    """The predictor that `asked` names, plainly or with the prefix of the registry.

    Raises:
        UnknownNameError: it names none.
    """
    plain = asked.removeprefix(f"{prefix}-")
    if plain not in PREDICTORS:
        raise UnknownNameError("predictor", asked, PREDICTORS, "the registry")
    return plain


def versions_of(client: "MlflowClient", name: str) -> list[Version]:
    """All versions of a registered name, oldest first; none where the name is unknown."""
    found = client.search_model_versions(f"name='{name}'")
    if not found:
        return []
    aliases: dict[int, list[str]] = {}
    for alias, number in client.get_registered_model(name).aliases.items():
        aliases.setdefault(int(number), []).append(alias)
    return [
        Version(
            name=name,
            number=int(one.version),
            aliases=tuple(sorted(aliases.get(int(one.version), []))),
            run_id=one.run_id,
            tags=dict(one.tags),
            created=datetime.fromtimestamp(one.creation_timestamp / 1000, tz=UTC),
        )
        for one in sorted(found, key=lambda one: int(one.version))
    ]


def find_version(versions: list[Version], name: str, asked: str) -> Version:
    """The version of this number or alias.

    Raises:
        ModelError: nothing is registered under the name.
        UnknownNameError: no version has the number or the alias.
    """
    if not versions:
        raise ModelError(f"{name}: nothing is registered yet; run `dvc repro register`")
    for one in versions:
        if asked == str(one.number) or asked in one.aliases:
            return one
    known = [str(one.number) for one in versions]
    known += [alias for one in versions for alias in one.aliases]
    raise UnknownNameError("version", asked, known, name)


def key_numbers(
    client: "MlflowClient", versions: Sequence[Version], metric: str
) -> dict[tuple[str, int], tuple[str, float]]:
    """The test metric of each version, by name and number, where its run has one of that name."""
    found = {}
    for one in versions:
        value = client.get_run(one.run_id).data.metrics.get(metric)
        if value is not None:
            found[one.name, one.number] = metric, float(value)
    return found
