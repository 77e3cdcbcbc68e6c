"""Prompts of several public sets, and the card that says what became of each."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from pipeline.errors import DataError
from pipeline.params import HubParams
from pipeline.progress import say
from pipeline.rows import PROMPTS
from pipeline.streams import stream
from pipeline.workload.allocate import Want, allocate
from pipeline.workload.files import stem
from pipeline.workload.hub._open import (
    UnavailableError,
    files_in,
    open_files,
    open_set,
    require_columns,
)
from pipeline.workload.hub._rows import Asked
from pipeline.workload.hub._sets import SETS
from pipeline.workload.hub._walk import Limits, Walked, walk

if TYPE_CHECKING:
    from datasets import Dataset

__all__ = ["HubPrompts", "read_hub"]


@dataclass(frozen=True)
class HubPrompts:
    """PROMPTS rows, and per set what was read, kept and left out, or why it was skipped."""

    rows: pl.DataFrame
    sets: list[dict[str, Any]]


def read_hub(
    settings: HubParams,
    seed: int,
    count: Callable[[list[str]], list[int]],
    is_refusal: Callable[[str], bool],
) -> HubPrompts:
    """Read the sets that `settings` names and divide the total among them.

    Args:
        settings: sets, total, floors and caps, and where local files are.
        seed: which rows are drawn.
        count: WordPieces of texts.
        is_refusal: whether a text reads as a refusal. A prompt about safety whose reference does
            not read as its set says has the task `open`: its rule would judge the wrong way round.

    Raises:
        UnavailableError: a set cannot be read, and `on_unavailable` is fail; or none can be read.
        SchemaError: a set has changed its columns or the shape of its values.
        DataError: a floor is above what its set has.
    """
    walked: dict[str, Walked] = {}
    skipped: dict[str, UnavailableError] = {}
    for name in settings.sets:
        try:
            walked[name] = _walked(name, settings, seed, count)
        except UnavailableError as error:
            if settings.on_unavailable == "fail":
                raise
            skipped[name] = error
            say(f"prompts: {name} is skipped, {error}")
    if not walked:
        raise next(iter(skipped.values()))
    shares = _shares(settings, walked)
    rows = [
        _row(name, identity, one, is_refusal)
        for name, found in walked.items()
        for identity, one in found.asked[: shares[name]]
    ]
    if len(rows) < settings.total:
        say(f"prompts: {len(rows)} of the {settings.total} asked for; no set may give more")
    told = [_told(name, settings, walked.get(name), shares, skipped) for name in settings.sets]
    return HubPrompts(PROMPTS.frame(rows).sort("prompt_id"), told)


def _walked(
    name: str, settings: HubParams, seed: int, count: Callable[[list[str]], list[int]]
) -> Walked:
    spec, wanted = SETS[name], settings.of(name)
    dataset = require_columns(_opened(name, settings), spec.read_columns, f"{name} ({spec.path})")
    most = min(settings.total, wanted.cap or settings.total)
    limits = Limits(most, settings.max_prompt_tokens, count)
    found = walk(spec, dataset, stream(seed, "hub", name), limits)
    say(f"prompts: {name}, {len(found.asked)} usable in {found.looked_at} of {len(dataset)} rows")
    if len(found.asked) < wanted.floor:
        raise DataError(
            f"prompts.hub.per_set.{name}.floor is {wanted.floor}, but only {len(found.asked)} of "
            f"its {len(dataset)} rows can be used"
        )
    return found


def _opened(name: str, settings: HubParams) -> "Dataset":
    spec = SETS[name]
    if settings.mirror is None:
        revision = settings.of(name).revision
        return open_set(spec.path, spec.config, spec.split, revision, gated=spec.gated)
    folder = Path(settings.mirror) / name
    return open_files(spec.path, files_in(folder), str(folder))


def _shares(settings: HubParams, walked: dict[str, Walked]) -> dict[str, int]:
    wants = [
        Want(settings.of(name).weight, settings.of(name).floor, len(found.asked))
        for name, found in walked.items()
    ]
    return dict(zip(walked, allocate(settings.total, wants), strict=True))


def _row(
    name: str, identity: str, one: Asked, is_refusal: Callable[[str], bool]
) -> dict[str, object]:
    misread = one.declines is not None and is_refusal(one.reference) != one.declines
    return {
        "prompt_id": f"{name}-{identity}",
        "dataset": name,
        "task": "open" if misread else one.task,
        "group_id": f"{name}: {one.group}" if one.group else stem(one.prompt),
        "prompt_text": one.prompt,
        "reference_text": one.reference,
        "category": one.category,
        "difficulty": None,
        "source": "hub",
        "licence": SETS[name].licence,
    }


def _told(
    name: str,
    settings: HubParams,
    found: Walked | None,
    shares: dict[str, int],
    skipped: dict[str, UnavailableError],
) -> dict[str, Any]:
    spec = SETS[name]
    place = {
        "set": name,
        "hub": spec.path,
        "config": spec.config,
        "split": spec.split,
        "revision": settings.of(name).revision,
        "licence": spec.licence,
        "gated": spec.gated,
        "read_from": "mirror" if settings.mirror else "hub",
    }
    if found is None:
        return place | {"kept": 0, "skipped": skipped[name].reason}
    return place | {
        "rows_read": found.looked_at,
        "usable": len(found.asked),
        "kept": shares[name],
        "left_out": dict(sorted(found.left_out.items())),
        "rows_read_sha256": found.sha256,
    }
