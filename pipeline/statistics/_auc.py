"""How well scores rank the models of one prompt, which is all that routing uses."""

import numpy as np
import numpy.typing as npt

from pipeline.errors import DataError
from pipeline.statistics._arrays import Floats, Ints, finite_columns
from pipeline.statistics._bootstrap import mean_interval
from pipeline.statistics._result import Estimate

__all__ = ["auc_interval", "auc_within_prompt"]


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
    share, _ = _shares(scores, labels, prompt_ids)
    usable = share[~np.isnan(share)]
    return (float(usable.mean()), usable.size) if usable.size else (None, 0)


def auc_interval(
    scores: npt.ArrayLike,
    labels: npt.ArrayLike,
    prompt_ids: npt.ArrayLike,
    group_ids: npt.ArrayLike,
    *,
    level: float,
    resamples: int,
    rng: np.random.Generator,
) -> Estimate:
    """`auc_within_prompt` with its BCa interval over clusters of prompts.

    Args:
        scores, labels, prompt_ids: (n,) as `auc_within_prompt`.
        group_ids: (n,) cluster of each row; all rows of a prompt are in one.
        level: confidence level.
        resamples: bootstrap resamples of clusters.
        rng: source of the resamples, of a stream that nothing else uses.

    Returns:
        The estimate; n counts prompts with two models of differing labels, missing the others.

    Raises:
        DataError: as `auc_within_prompt`, or the shape of group_ids differs.
        ValueError: `level` is outside 0..1 or `resamples` is below 1.
    """
    share, first = _shares(scores, labels, prompt_ids)
    groups = np.asarray(group_ids)
    if groups.shape != np.shape(scores):
        raise DataError(f"scores have shape {np.shape(scores)} but group_ids {groups.shape}")
    usable = ~np.isnan(share)
    return mean_interval(
        share[usable],
        groups[first][usable],
        level=level,
        resamples=resamples,
        rng=rng,
        missing=int((~usable).sum()),
    )


def _shares(
    scores: npt.ArrayLike, labels: npt.ArrayLike, prompt_ids: npt.ArrayLike
) -> tuple[Floats, Ints]:
    """Share of each prompt, NaN without a pair, and the first of its rows; in order of the ids."""
    score, label = finite_columns(scores=scores, labels=labels)
    ids = np.asarray(prompt_ids)
    if ids.shape != score.shape:
        raise DataError(f"scores have shape {score.shape} but prompt_ids {ids.shape}")
    _, first, prompt = np.unique(ids, return_index=True, return_inverse=True)
    order = np.argsort(prompt, kind="stable")
    score, label, prompt = score[order], label[order], prompt[order]
    right = np.zeros(first.size)
    pairs = np.zeros_like(right)
    # Rows of a prompt are neighbours now: lag 1, 2, ... visits each pair of a prompt once.
    for lag in range(1, int(np.bincount(prompt).max())):
        better = np.sign(label[lag:] - label[:-lag])
        agree = 0.5 + 0.5 * better * np.sign(score[lag:] - score[:-lag])
        counted = (prompt[lag:] == prompt[:-lag]) & (better != 0.0)
        right += np.bincount(prompt[lag:][counted], agree[counted], minlength=right.size)
        pairs += np.bincount(prompt[lag:][counted], minlength=right.size)
    share = np.divide(right, pairs, out=np.full(right.size, np.nan), where=pairs > 0)
    return share, first.astype(np.int64)
