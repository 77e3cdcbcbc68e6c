"""Promotion and rollback: the alias moves, and the record says why."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pipeline.errors import ModelError, ParamsError
from pipeline.params import Params
from pipeline.registry._compare import Comparison, compare
from pipeline.registry._decisions import Outcome, champions, history, recorded
from pipeline.registry._served import served_checks
from pipeline.registry._versions import (
    CHALLENGER,
    CHAMPION,
    Version,
    find_version,
    versions_of,
)

if TYPE_CHECKING:
    from mlflow import MlflowClient

__all__ = ["Ended", "compare_versions", "promote", "rollback"]


@dataclass(frozen=True)
class Ended:
    """How a promotion or a rollback ended: versions, outcome, and the comparison if there was one.

    Attributes:
        name: registered name.
        outcome: as recorded.
        champion: before; None if there was none.
        challenger: the version that was to become it.
        comparison: None where nothing was compared.
    """

    name: str
    outcome: Outcome
    champion: int | None
    challenger: int
    comparison: Comparison | None


def compare_versions(
    kind: str, params: Params, client: "MlflowClient", champion: str, challenger: str
) -> tuple[Version, Version, Comparison]:
    """Compare two versions, by number or alias, and decide nothing.

    Raises:
        ModelError, UnknownNameError: there is no such version.
    """
    name = f"{params.register_.prefix}-{kind}"
    versions = versions_of(client, name)
    old, new = (find_version(versions, name, asked) for asked in (champion, challenger))
    return old, new, compare(kind, old, new, params, client)


def promote(
    kind: str,
    params: Params,
    client: "MlflowClient",
    *,
    version: str = CHALLENGER,
    served: bool = False,
    force: str | None = None,
) -> Ended:
    """Make a version the champion if the gate lets it through.

    Args:
        kind: quality, length or latency.
        params: its gate and the present data.
        client: of the store.
        version: number or alias.
        served: whether simulated load tests have to pass as well; they are not run where the
            comparison is blocked already.
        force: reason to promote whatever the gate says; None lets the gate decide.

    Raises:
        ParamsError: the version is the champion already, or the reason is empty.
        ModelError, UnknownNameError: there is no such version, or it cannot be read.
    """
    if force is not None and not force.strip():
        raise ParamsError("--force needs a --reason, which is recorded")
    name = f"{params.register_.prefix}-{kind}"
    versions = versions_of(client, name)
    new = find_version(versions, name, version)
    old = next((one for one in versions if CHAMPION in one.aliases), None)
    if old is not None and old.number == new.number:
        raise ParamsError(f"{name} version {new.number} is the champion already")
    comparison = None
    if old is not None:
        comparison = compare(kind, old, new, params, client)
        if served and not comparison.blockers:  # else there may be nothing that can be served
            comparison = replace(comparison, served=served_checks(kind, new, params, client))
    outcome, before = _outcome(comparison, force), None if old is None else old.number
    with recorded(name, outcome, before, new.number, (force or "").strip(), comparison):
        client.set_model_version_tag(name, str(new.number), "last_decision", outcome)
        if outcome != "refused":
            _crown(client, name, new)
    return Ended(name, outcome, before, new.number, comparison)


def rollback(kind: str, params: Params, client: "MlflowClient", reason: str = "") -> Ended:
    """Make the champion before this one the champion again.

    Raises:
        ModelError: there is no champion, none before it, or the record does not know it.
    """
    name = f"{params.register_.prefix}-{kind}"
    versions = versions_of(client, name)
    now = find_version(versions, name, CHAMPION)
    stack = champions(history(client, params.register_.experiment, name))
    if not stack or stack[-1] != now.number:
        raise ModelError(
            f"{name}: the record does not say how version {now.number} became the champion; "
            "promote the version that you want"
        )
    if len(stack) < 2:
        raise ModelError(f"{name}: version {now.number} is the first champion; none came before it")
    before = find_version(versions, name, str(stack[-2]))
    with recorded(name, "rolled_back", now.number, before.number, reason.strip(), None):
        client.set_model_version_tag(name, str(now.number), "last_decision", "rolled_back")
        _crown(client, name, before)
    return Ended(name, "rolled_back", now.number, before.number, None)


def _outcome(comparison: Comparison | None, force: str | None) -> Outcome:
    if comparison is None:
        return "first"
    if comparison.passed:
        return "promoted"
    return "refused" if force is None else "forced"


def _crown(client: "MlflowClient", name: str, version: Version) -> None:
    client.set_registered_model_alias(name, CHAMPION, str(version.number))
    if CHALLENGER in version.aliases:
        client.delete_registered_model_alias(name, CHALLENGER)
