"""A challenger against the champion on the test rows that neither was trained on."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from pipeline.files import file_hash
from pipeline.params import Params
from pipeline.registry._fetch import fetch, load, seen_by
from pipeline.registry._gate import Check, check_losses, passes
from pipeline.registry._held_out import HeldOut, held_out, losses_of, names_of
from pipeline.registry._losses import UNITS
from pipeline.registry._versions import Version
from pipeline.stage import Paths
from pipeline.streams import stream

if TYPE_CHECKING:
    from mlflow import MlflowClient

__all__ = ["Comparison", "compare", "data_of"]


@dataclass(frozen=True)
class Comparison:
    """What was compared, and what came of it.

    Attributes:
        checks: claims on the test rows; none where there was nothing to compare.
        served: claims on simulated load tests; none where they were not asked for.
        rows, units: test rows, and the clusters among them.
        notes: what a reader must know, such as other training data.
        blockers: why this is a refusal whatever the checks say.
    """

    checks: tuple[Check, ...] = ()
    served: tuple[Check, ...] = ()
    rows: int = 0
    units: int = 0
    notes: tuple[str, ...] = ()
    blockers: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether the challenger may become the champion."""
        fails = any(check.verdict != "supported" for check in self.served)
        return passes(self.checks) and not fails and not self.blockers

    def as_dict(self) -> dict[str, Any]:
        return asdict(self) | {"passed": self.passed}


def data_of(kind: str, paths: type[Paths]) -> Any:
    """The file whose rows a predictor is trained and tested on."""
    return paths.PROFILE if kind == "latency" else paths.DATASET


def compare(
    kind: str,
    champion: Version,
    challenger: Version,
    params: Params,
    client: "MlflowClient",
    paths: type[Paths] = Paths,
) -> Comparison:
    """Judge both on the present test rows, paired row by row.

    A row is left out if either was trained on its unit, which happens where the data changed in
    between. Models that the champion does not know are left out as well, and a note says so; a
    challenger has to know every model (tier) of the fleet.

    Raises:
        ModelError: a version cannot be read.
        SchemaError, DataError: a file of an earlier stage is absent or unusable.
    """
    old, new = (load(kind, fetch(one)) for one in (champion, challenger))
    rows = held_out(kind, params, paths)
    names, notes, blockers = _common(names_of(old), names_of(new), rows.names)
    rows, said, stops = _unseen(rows, kind, champion, challenger, client, paths)
    notes, blockers = [*notes, *said], [*blockers, *stops]
    if kind == "latency":
        rows = rows.of_tiers(names)
    if not names or len(set(rows.units)) < 2:
        blockers.append("there are no rows that both can be compared on")
        return Comparison(notes=tuple(notes), blockers=tuple(blockers))
    gate = params.register_.gate
    checks = check_losses(
        losses_of(old, rows, names),
        losses_of(new, rows, names),
        rows.units,
        gate.of(kind),
        UNITS[kind],
        level=gate.level,
        resamples=gate.resamples,
        rng=stream(params.base.seed, "registry", kind, champion.number, challenger.number),
    )
    return Comparison(
        tuple(checks), (), len(rows.units), len(set(rows.units)), tuple(notes), tuple(blockers)
    )


def _common(
    old: Sequence[str], new: Sequence[str], wanted: Sequence[str]
) -> tuple[list[str], list[str], list[str]]:
    """Names to compare on, notes, and blockers."""
    lacking = [name for name in wanted if name not in new]
    unknown = [name for name in wanted if name not in old and name in new]
    common = [name for name in wanted if name in old and name in new]
    blockers, notes = [], []
    if lacking:
        blockers.append(f"the challenger does not know {', '.join(lacking)} of the fleet")
    if unknown:
        told = f"the champion does not know {', '.join(unknown)}"
        notes.append(f"{told}: compared on {', '.join(common) or 'none'}")
    return common, notes, blockers


def _unseen(
    rows: HeldOut,
    kind: str,
    champion: Version,
    challenger: Version,
    client: "MlflowClient",
    paths: type[Paths],
) -> tuple[HeldOut, list[str], list[str]]:
    """The rows that neither was trained on, notes, and blockers."""
    present = file_hash(data_of(kind, paths))
    notes, blockers = [], []
    for role, version in (("champion", champion), ("challenger", challenger)):
        if version.tags.get("data_sha256") == present:
            continue
        notes.append(f"data_differs: the {role} was trained on other data than the present ones")
        seen = seen_by(client, version)
        if seen is None:
            blockers.append(f"nobody knows which of the test rows the {role} was trained on")
            continue
        kept = rows.without(seen)
        left_out = len(rows.units) - len(kept.units)
        if left_out:
            notes.append(f"{left_out} test rows left out that the {role} was trained on")
        rows = kept
    return rows, notes, blockers
