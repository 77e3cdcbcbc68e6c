"""All five families together, as PROMPTS rows."""

from collections.abc import Callable, Iterator

import polars as pl

from pipeline.errors import DataError
from pipeline.rows import PROMPTS
from pipeline.streams import stream
from pipeline.workload.generated._arithmetic import arithmetic
from pipeline.workload.generated._chat import chat, chat_capacity
from pipeline.workload.generated._decline import decline, decline_capacity
from pipeline.workload.generated._format import formatting
from pipeline.workload.generated._item import Item, Pick
from pipeline.workload.generated._passage import passages

__all__ = ["FAMILIES", "generate"]

_LICENCE = "Apache-2.0"  # that of this program, which wrote the texts

_Source = Callable[[Pick, int], Iterator[Item]]
_SOURCES: dict[str, tuple[str, _Source]] = {
    "arithmetic": ("number", arithmetic),
    "passage": ("span", passages),
    "chat": ("fact", chat),
    "format": ("format", formatting),
    "decline": ("decline", decline),
}

FAMILIES: dict[str, str] = {family: task for family, (task, _) in _SOURCES.items()}
"""The `task` of each family, by its name in the column `dataset`."""


def generate(per_family: int, seed: int) -> pl.DataFrame:
    """Make `per_family` problems of each family, as 5 * per_family PROMPTS rows.

    Equal arguments give equal rows. No two rows have the same text. Questions on one passage, one
    fact's subject or one request share a group.

    Raises:
        DataError: `per_family` is below 1 or above what the finite families can make unique.
    """
    most = min(chat_capacity(), decline_capacity())
    if not 1 <= per_family <= most:
        raise DataError(
            f"per_family is {per_family}, but 1 to {most} different prompts can be made per family"
        )
    rows: list[dict[str, object]] = []
    for family, (task, source) in _SOURCES.items():
        pick = Pick(stream(seed, "generated", family, per_family))
        items = _different(source(pick, per_family), per_family)
        rows += [_row(family, task, number, item) for number, item in enumerate(items)]
    return PROMPTS.frame(rows)


def _different(items: Iterator[Item], count: int) -> list[Item]:
    found: dict[str, Item] = {}
    for item in items:
        found.setdefault(item.text, item)
        if len(found) == count:
            break
    return list(found.values())


def _row(family: str, task: str, number: int, item: Item) -> dict[str, object]:
    prompt_id = f"{family}-{number:05d}"
    return {
        "prompt_id": prompt_id,
        "dataset": family,
        "task": task,
        "group_id": prompt_id if item.stem is None else f"{family}:{item.stem}",
        "prompt_text": item.text,
        "reference_text": item.reference,
        "category": item.category,
        "difficulty": round(min(1.0, max(0.0, item.difficulty)), 4),
        "source": "generated",
        "licence": _LICENCE,
    }
