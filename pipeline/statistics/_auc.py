"""How well a predictor ranks the models on one prompt."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["auc_within_prompt"]


def auc_within_prompt(
    scores: NDArray[np.float64],
    labels: NDArray[np.float64],
    prompt_ids: Sequence[object] | NDArray[np.int64],
) -> tuple[float | None, int]:
    """Share of model pairs in the right order, averaged over prompts; and how many prompts.

    Only pairs with different labels count, equal scores count half, and prompts on which all
    models did equally well drop out: routing cannot matter there. None without such a prompt.
    """
    _, index = np.unique(np.asarray(prompt_ids), return_inverse=True)
    order = np.argsort(index, kind="stable")
    cuts = np.flatnonzero(np.diff(index[order])) + 1
    shares = []
    for rows in np.split(order, cuts):
        label_gap = labels[rows][:, None] - labels[rows][None, :]
        score_gap = scores[rows][:, None] - scores[rows][None, :]
        differs = label_gap > 0
        if differs.any():
            right = (score_gap > 0) + 0.5 * (score_gap == 0)
            shares.append(float(right[differs].mean()))
    return (float(np.mean(shares)) if shares else None), len(shares)
