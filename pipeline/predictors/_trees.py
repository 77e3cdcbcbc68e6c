"""XGBoost's trees as arrays: predictions without a call into the library for each head."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import ModelError
from pipeline.predictors._trees_kernel import add_trees

if TYPE_CHECKING:
    from xgboost import Booster

__all__ = ["TreeStack", "Trees"]

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Nodes = NDArray[np.uint32]

_IDENTITY_LINKS = ("reg:squarederror", "reg:quantileerror")


@dataclass(frozen=True)
class Trees:
    """The trees of one booster of F features, and the score they are added to.

    A node goes to its left child if the number in its column is below its threshold, else to the
    one after it. There are 2 F + 1 columns: the features with -inf for what is missing, those with
    inf, and one of -inf alone, where a leaf looks and stays where it is.

    Attributes:
        column, threshold, left: of a node; (nodes,).
        value: of a leaf; (nodes,).
        roots, depths: first node and longest path of every tree; (trees,).
        base: score without trees.
        width: F.
    """

    column: Nodes
    threshold: Singles
    left: Nodes
    value: Singles
    roots: Nodes
    depths: Nodes
    base: float
    width: int

    @classmethod
    def of(cls, booster: "Booster", output: int = 0) -> "Trees":
        """Take the trees of one output of a regressor.

        Args:
            booster: of a mean, which has one output, or of quantiles, which has one for each.
            output: which of them.

        Raises:
            ModelError: it is not of numeric splits with the identity as its link, or lacks that
                output.
        """
        learner = json.loads(booster.save_raw("json"))["learner"]
        boosting, objective = learner["gradient_booster"], learner["objective"]["name"]
        if boosting["name"] != "gbtree" or objective not in _IDENTITY_LINKS:
            raise ModelError(
                f"a booster of {boosting['name']} with {objective}; expected gbtree with "
                f"{' or '.join(_IDENTITY_LINKS)}"
            )
        told = learner["learner_model_param"]
        width, bases = int(told["num_feature"]), told["base_score"].strip("[]").split(",")
        if output >= len(bases):
            raise ModelError(f"a booster of {len(bases)} outputs; expected more than {output}")
        owner = boosting["model"]["tree_info"]
        parts = [
            _nodes(tree, width)
            for tree, whose in zip(boosting["model"]["trees"], owner, strict=True)
            if whose == output
        ]
        nodes = np.concatenate([part for part, _ in parts], axis=1)
        sizes = [part.shape[1] for part, _ in parts]
        roots = np.cumsum([0, *sizes])[:-1]
        return cls(
            column=nodes[0].astype(np.uint32),
            threshold=nodes[1].astype(np.float32),
            left=(nodes[2] + np.repeat(roots, sizes)).astype(np.uint32),
            value=nodes[3].astype(np.float32),
            roots=roots.astype(np.uint32),
            depths=np.array([depth for _, depth in parts], dtype=np.uint32),
            base=float(bases[output]),
            width=width,
        )


def _nodes(tree: dict[str, Any], width: int) -> tuple[Floats, int]:
    """Column, threshold, left child and value of a tree's nodes, (4, nodes), and its depth.

    Nodes are in breadth-first order, which puts siblings side by side.
    """
    if any(tree["split_type"]):
        raise ModelError("a booster with categorical splits; expected numeric ones")
    left, right, number = tree["left_children"], tree["right_children"], tree["split_conditions"]
    rows: list[tuple[float, float, float, float]] = []
    level, depth = [0], 0
    placed = 1  # nodes so far, children of the last one included
    while level:
        below = []
        for node in level:
            if left[node] < 0:
                rows.append((2.0 * width, np.inf, len(rows), number[node]))
                continue
            column = tree["split_indices"][node] + (0 if tree["default_left"][node] else width)
            rows.append((column, number[node], placed, np.nan))
            below += [left[node], right[node]]
            placed += 2
        level = below
        depth += bool(level)
    return np.array(rows, dtype=np.float64).T, depth


class TreeStack:
    """The heads of several tiers, H targets each, predicted in one call.

    Args:
        tiers: trees of every target by tier, all of the same F features.
    """

    def __init__(self, tiers: Sequence[Sequence[Trees]]) -> None:
        every = [trees for targets in tiers for trees in targets]
        starts = np.cumsum([0, *(trees.column.size for trees in every)])[:-1]
        shifts = list(zip(every, starts, strict=True))
        self._arrays = (
            np.concatenate([trees.column for trees in every]),
            np.concatenate([trees.threshold for trees in every]),
            np.concatenate([trees.left + start for trees, start in shifts]).astype(np.uint32),
            np.concatenate([trees.value for trees in every]),
            np.concatenate([trees.roots + start for trees, start in shifts]).astype(np.uint32),
            np.concatenate([trees.depths for trees in every]),
            np.cumsum([0, *(trees.roots.size for trees in every)]),
        )
        self._base = np.array([trees.base for trees in every]).reshape(len(tiers), -1)
        self._width = every[0].width

    def seconds(self, features: Singles, tier: NDArray[np.int64]) -> Floats:
        """Every target of n rows, (n, H): exp of the sum of base score and trees.

        The sum is on the log scale, where an extrapolating tree cannot go below zero seconds. Trees
        are read as XGBoost does: a number is compared as float32 and goes left if it is below the
        threshold, and a missing one (NaN) goes where the tree says.

        Args:
            features: (n, F).
            tier: position of each row's tier, (n,).

        Raises:
            ValueError: a tier that is not there, or another number of features.
        """
        count = len(self._base)
        if len(tier) and not 0 <= tier.min() <= tier.max() < count:
            raise ValueError(f"tiers {tier.min()} to {tier.max()}, expected 0 to {count - 1}")
        if features.shape != (len(tier), self._width):
            expected = (len(tier), self._width)
            raise ValueError(f"features of shape {features.shape}, expected {expected}")
        total = self._base[tier]
        add_trees(*self._arrays, np.ascontiguousarray(features, dtype=np.float32), tier, total)
        seconds: Floats = np.exp(total)
        return seconds

    def predict(self, features: Singles, tier: NDArray[np.int64]) -> tuple[Floats, Floats]:
        """Seconds to the first token and per token, (n,) each, of rows as in `seconds`."""
        ttft, tpot = self.seconds(features, tier).T
        return ttft, tpot
