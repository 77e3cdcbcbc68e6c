"""Leakage that word overlap cannot see: paraphrases across splits."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["near_across_splits"]


def near_across_splits(
    embeddings: NDArray[np.float32], splits: list[str], cosine: float
) -> dict[str, float | int]:
    """Count prompts outside the training split that are close to a training prompt.

    Args:
        embeddings: (n, d) unit rows.
        splits: split of each, n names.
        cosine: at least so close counts as near.

    Returns:
        For every other split the share with a near training prompt, and the count over all.
    """
    part = np.array(splits)
    train = embeddings[part == "train"]
    report: dict[str, float | int] = {"cosine": cosine, "near_training_prompts": 0}
    for name in ("calibration", "validation", "test"):
        others = embeddings[part == name]
        if not len(others) or not len(train):
            continue
        near = (others @ train.T).max(axis=1) >= cosine
        report[f"share_of_{name}_near_training"] = float(near.mean())
        report["near_training_prompts"] += int(near.sum())
    return report
