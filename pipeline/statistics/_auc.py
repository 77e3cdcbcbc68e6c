"""How well scores rank the models of one prompt, which is all that routing uses."""

import numpy as np
import numpy.typing as npt

from pipeline.errors import DataError
from pipeline.statistics._arrays import finite_columns

__all__ = ["auc_within_prompt"]


def auc_within_prompt(
    scores: npt.ArrayLike, labels: npt.ArrayLike, prompt_ids: npt.ArrayLike
) -> tuple[float | None, int]:
    """Share of correctly ordered pairs of models within a prompt, averaged over prompts.

    Only pairs of differing labels count; a tie of scores counts half. With labels 0 and 1 the
    share of one prompt is its AUC (Mann and Whitney 1947); graded labels are ordered alike.

    Args:
        scores: (n,) predictions, one row per prompt and model, in any unit.
        labels: (n,) outcomes.
        prompt_ids: (n,) prompt of each row.

    Returns:
        The mean share, 0..1, and the prompts it rests on; None and 0 when no prompt has two
        models of differing labels.

    Raises:
        DataError: a score or label is NaN, the lengths differ, or there are no rows.
    """
    score, label = finite_columns(scores=scores, labels=labels)
    ids = np.asarray(prompt_ids)
    if ids.shape != score.shape:
        raise DataError(f"scores have shape {score.shape} but prompt_ids {ids.shape}")
    prompt = np.unique(ids, return_inverse=True)[1]
    order = np.argsort(prompt, kind="stable")
    score, label, prompt = score[order], label[order], prompt[order]
    right = np.zeros(int(prompt[-1]) + 1)
    pairs = np.zeros_like(right)
    # Rows of a prompt are neighbours now: lag 1, 2, ... visits each pair of a prompt once.
    for lag in range(1, int(np.bincount(prompt).max())):
        better = np.sign(label[lag:] - label[:-lag])
        agree = 0.5 + 0.5 * better * np.sign(score[lag:] - score[:-lag])
        counted = (prompt[lag:] == prompt[:-lag]) & (better != 0.0)
        right += np.bincount(prompt[lag:][counted], agree[counted], minlength=right.size)
        pairs += np.bincount(prompt[lag:][counted], minlength=right.size)
    usable = pairs > 0
    if not usable.any():
        return None, 0
    return float((right[usable] / pairs[usable]).mean()), int(usable.sum())
