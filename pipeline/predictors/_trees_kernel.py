"""Sums over boosted trees on arrays, compiled."""

import numpy as np
from numpy.typing import NDArray

from pipeline.compiled import compiled

__all__ = ["add_trees"]

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Ints = NDArray[np.int64]
Nodes = NDArray[np.uint32]


@compiled
def add_trees(
    column: Nodes,
    threshold: Singles,
    left: Nodes,
    value: Singles,
    roots: Nodes,
    depths: Nodes,
    starts: Ints,
    features: Singles,
    tier: Ints,
    total: Floats,
) -> None:
    """Add the trees of each row's tier to `total`, for H targets.

    Trees are walked one after another, each with all rows of its tier, so that it stays in the
    cache. Every row takes as many steps as the tree is deep, in a leaf on the spot: nothing is left
    to be guessed, and the processor walks several rows at once. Positions are unsigned, since Numba
    would look for negative ones.

    Args:
        column, threshold, left: a node goes to its left child if the number in that column (of
            `_columns`) is below the threshold, else to the one after it; (nodes,).
        value: of a leaf; (nodes,).
        roots, depths: first node and steps of every tree; (trees,).
        starts: first tree of each tier and target, and the end; (tiers * H + 1,).
        features: (n, F); tier: (n,) in [0, tiers); total: (n, H).
    """
    numbers = _columns(features)
    targets = total.shape[1]
    for t in range((starts.size - 1) // targets):
        rows = np.flatnonzero(tier == t)
        for h in range(targets):
            for tree in range(starts[t * targets + h], starts[t * targets + h + 1]):
                for i in range(rows.size):
                    x = numbers[rows[i]]
                    node = roots[tree]
                    for _ in range(depths[tree]):
                        node = np.uint32(left[node] + (x[column[node]] >= threshold[node]))
                    total[rows[i], h] += value[node]


@compiled
def _columns(features: Singles) -> Singles:
    """Features that go left if they are missing, those that go right, and -inf; (n, 2 F + 1)."""
    n, width = features.shape
    numbers = np.empty((n, 2 * width + 1), dtype=np.float32)
    for i in range(n):
        for j in range(width):
            x = features[i, j]
            missing = np.isnan(x)
            numbers[i, j] = -np.inf if missing else x
            numbers[i, width + j] = np.inf if missing else x
        numbers[i, 2 * width] = -np.inf
    return numbers
