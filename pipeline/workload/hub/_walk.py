"""A set's rows in random order, until enough of them can be used."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.errors import SchemaError
from pipeline.files import canonical_json
from pipeline.workload.collect import TOKENS_PER_WORDPIECE
from pipeline.workload.hub._rows import Asked
from pipeline.workload.hub._sets import HubSet

if TYPE_CHECKING:
    from datasets import Dataset

__all__ = ["Limits", "Walked", "walk"]

_CHUNK = 512  # rows at a time: their tokens are counted together


@dataclass(frozen=True)
class Limits:
    """What ends a walk, and how long a prompt may be; `count` counts WordPieces of texts."""

    prompts: int
    max_prompt_tokens: int
    count: Callable[[list[str]], list[int]]


@dataclass
class Walked:
    """What a walk found.

    Attributes:
        asked: usable prompts, each with what identifies its row, in the order of the walk.
        looked_at: rows that were read.
        left_out: how many of them could not be used, by reason.
        sha256: of the rows that were read.
    """

    asked: list[tuple[str, Asked]] = field(default_factory=list)
    looked_at: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    sha256: str = ""


def walk(spec: HubSet, dataset: "Dataset", rng: np.random.Generator, limits: Limits) -> Walked:
    """Read the rows of a set in an order drawn from `rng` until `limits.prompts` can be used.

    Tokens are 0.93 times WordPieces: what the tokenizers of the served models make of English.

    Raises SchemaError when a value is of another shape than the set's.
    """
    found, digest, seen = Walked(), hashlib.sha256(), set[str]()
    order = [int(place) for place in rng.permutation(len(dataset))]
    for place, row, one in _read(spec, dataset, order, limits):
        found.looked_at += 1
        digest.update(canonical_json(row).encode())
        if isinstance(one, Asked) and one.prompt in seen:
            one = "duplicate of another row"
        if isinstance(one, str):
            found.left_out[one] += 1
            continue
        seen.add(one.prompt)
        found.asked.append((str(row[spec.identity] if spec.identity else place), one))
        if len(found.asked) == limits.prompts:
            break
    found.sha256 = digest.hexdigest()
    return found


def _read(
    spec: HubSet, dataset: "Dataset", order: Sequence[int], limits: Limits
) -> Iterator[tuple[int, dict[str, Any], Asked | str]]:
    for start in range(0, len(order), _CHUNK):
        places = list(order[start : start + _CHUNK])
        columns = dataset[places]
        rows = [
            dict(zip(columns, values, strict=True))
            for values in zip(*columns.values(), strict=True)
        ]
        asked = [_asked(spec, row) for row in rows]
        yield from zip(places, rows, _fitting(asked, spec, limits), strict=True)


def _asked(spec: HubSet, row: Mapping[str, Any]) -> Asked | str:
    try:
        one = spec.read(row)
    except (KeyError, TypeError, AttributeError) as error:
        raise SchemaError(
            f"{spec.path}: a row is of another shape than {', '.join(spec.columns)} have had "
            f"({type(error).__name__}: {error}); name an older revision in prompts.hub.per_set"
        ) from error
    if isinstance(one, Asked) and not one.prompt:
        return "no prompt"
    if isinstance(one, Asked) and not one.reference:
        return "no reference"
    return one


def _fitting(asked: list[Asked | str], spec: HubSet, limits: Limits) -> Iterator[Asked | str]:
    """The same, but for prompts that are too long and references that are too short."""
    usable = [one for one in asked if isinstance(one, Asked)]
    prompts = iter(limits.count([one.prompt for one in usable]))
    references = iter(limits.count([one.reference for one in usable]))
    for one in asked:
        if isinstance(one, str):
            yield one
            continue
        prompt, reference = (
            max(1, round(TOKENS_PER_WORDPIECE * next(pieces))) for pieces in (prompts, references)
        )
        if prompt > limits.max_prompt_tokens:
            yield f"prompt above {limits.max_prompt_tokens} tokens"
        elif reference < spec.min_reference_tokens:
            yield f"reference below {spec.min_reference_tokens} tokens"
        else:
            yield one
