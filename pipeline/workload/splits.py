"""Group-aware splits: what belongs together, and near-copies of it, stay on one side."""

import re
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from pipeline.params import SplitParams
from pipeline.rows import SPLITS
from pipeline.streams import unit_hash

__all__ = ["NearPairs", "Splits", "assign_splits", "near_duplicates"]

_CHUNK = 1000  # rows of the overlap matrix held at once


@dataclass(frozen=True)
class NearPairs:
    """Pairs (first, second) of prompts, first < second, whose word 3-grams overlap enough."""

    first: NDArray[np.int64]
    second: NDArray[np.int64]


@dataclass(frozen=True)
class Splits:
    """Group and split of n prompts, and the leakage that was looked for.

    Attributes:
        group_ids: the group after near-copies were joined, n texts.
        splits: n names out of `SPLITS`.
        report: counts for the metrics file.
    """

    group_ids: list[str]
    splits: list[str]
    report: dict[str, object]


def near_duplicates(texts: list[str], jaccard: float) -> NearPairs:
    """Find pairs whose sets of word 3-grams have a Jaccard index of at least `jaccard`.

    Exact, not sketched. Case and numbers are ignored, so re-numbered copies count as near.
    """
    grams = [_grams(text) for text in texts]
    columns = {gram: i for i, gram in enumerate(sorted(set().union(*grams)))}
    lengths = np.array([len(part) for part in grams])
    indices = np.array([columns[gram] for part in grams for gram in sorted(part)], dtype=np.int64)
    pointers = np.concatenate([[0], np.cumsum(lengths)])
    matrix = csr_array(
        (np.ones(len(indices), dtype=np.int32), indices, pointers),
        shape=(len(texts), len(columns)),
    )
    first, second = [], []
    for start in range(0, len(texts), _CHUNK):
        shared = (matrix[start : start + _CHUNK] @ matrix.T).tocoo()
        row, column = shared.row.astype(np.int64) + start, shared.col.astype(np.int64)
        union = lengths[row] + lengths[column] - shared.data
        near = (row < column) & (shared.data >= jaccard * union)
        first.append(row[near])
        second.append(column[near])
    return NearPairs(np.concatenate(first), np.concatenate(second))


def _grams(text: str) -> set[tuple[str, ...]]:
    words = re.findall(r"\w+|[^\w\s]", re.sub(r"\d+", "0", text.lower()))
    padded = ["", "", *words] if len(words) < 3 else words
    return set(zip(padded, padded[1:], padded[2:], strict=False))


def assign_splits(prompts: pl.DataFrame, shares: SplitParams, jaccard: float) -> Splits:
    """Assign every prompt of PROMPTS rows to a split by hash of its group.

    Groups that hold near-copies of each other are joined first. The hash depends on the group
    alone, so adding prompts moves none of the others (unless it joins two groups).
    """
    groups = prompts["group_id"].to_list()
    pairs = near_duplicates(prompts["prompt_text"].to_list(), jaccard)
    labels = _components(groups, pairs)
    smallest: dict[int, str] = {}
    for label, group in zip(labels, groups, strict=True):
        smallest[label] = min(smallest.get(label, group), group)
    joined = [smallest[label] for label in labels]
    splits = [_split(group, shares) for group in joined]
    across = sum(splits[a] != splits[b] for a, b in zip(pairs.first, pairs.second, strict=True))
    report: dict[str, object] = {
        "prompts": len(groups),
        "groups_given": len(set(groups)),
        "groups_after_joining_near_copies": len(smallest),
        "near_pairs": len(pairs.first),
        "near_pairs_across_splits": int(across),
        "prompts_per_split": {name: splits.count(name) for name in SPLITS},
    }
    return Splits(joined, splits, report)


def _components(groups: list[str], pairs: NearPairs) -> list[int]:
    number = {group: i for i, group in enumerate(sorted(set(groups)))}
    own = np.array([number[group] for group in groups])
    a, b = own[pairs.first], own[pairs.second]
    graph = csr_array((np.ones(len(a)), (a, b)), shape=(len(number), len(number)))
    component = connected_components(graph, directed=False)[1]
    return [int(component[i]) for i in own]


def _split(group: str, shares: SplitParams) -> str:
    point, edge = unit_hash(group, "split"), 0.0
    for name in SPLITS:
        edge += getattr(shares, name)
        if point < edge:
            return name
    return SPLITS[-1]
