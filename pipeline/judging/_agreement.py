"""How far two sources of quality agree: correlations and Krippendorff's alpha, by slice."""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import combinations

import numpy as np
import polars as pl

from pipeline.rows import AGREEMENT
from pipeline.statistics import krippendorff_alpha, pearson, spearman, weighted_interval
from pipeline.streams import stream

__all__ = ["agreement"]

_LEVEL, _RESAMPLES = 0.95, 1000
_PLACE = ["prompt_id", "model"]


def agreement(judgements: pl.DataFrame, prompts: pl.DataFrame, seed: int) -> pl.DataFrame:
    """AGREEMENT rows of every two sources, over all pairs, by data set and by model.

    A pair of prompt and model counts where both sources have scored it; several verdicts of one
    source on it are averaged first. Intervals resample the groups of prompts.

    Args:
        judgements: JUDGEMENTS rows.
        prompts: PROMPTS rows, for data sets and groups.
        seed: of the resampling.
    """
    wide = judgements.pivot(
        on="quality_source", index=_PLACE, values="score", aggregate_function="mean"
    ).join(prompts.select("prompt_id", "dataset", "group_id"), on="prompt_id")
    sources = sorted(judgements["quality_source"].unique())
    rows = [
        {"slice_kind": kind, "slice": name, "source_a": a, "source_b": b} | found
        for kind, name, part in _slices(wide)
        for a, b in combinations(sources, 2)
        for found in _agree(part, a, b, stream(seed, "agreement", kind, name, a, b))
    ]
    return AGREEMENT.frame(rows)


def _slices(wide: pl.DataFrame) -> Iterator[tuple[str, str, pl.DataFrame]]:
    yield "all", "all", wide
    for kind in ("dataset", "model"):
        for (name,), part in sorted(wide.group_by(kind), key=lambda item: str(item[0][0])):
            yield kind, str(name), part


def _agree(
    part: pl.DataFrame, a: str, b: str, rng: np.random.Generator
) -> Iterator[dict[str, object]]:
    both = part.drop_nulls([a, b]).sort(_PLACE)
    either = part.filter(pl.col(a).is_not_null() | pl.col(b).is_not_null())
    if not both.height:
        return
    x, y = both[a].to_numpy(), both[b].to_numpy()
    ratings = np.column_stack([x, y])
    statistics: dict[str, Callable[..., np.ndarray]] = {
        "pearson": partial(pearson, x, y),
        "spearman": partial(spearman, x, y),
        "alpha_interval": partial(krippendorff_alpha, ratings),
        "alpha_ordinal": partial(krippendorff_alpha, ratings, scale="ordinal"),
    }
    for name, statistic in statistics.items():
        found = weighted_interval(
            statistic,
            both["group_id"].to_numpy(),
            level=_LEVEL,
            resamples=_RESAMPLES,
            rng=rng,
            missing=either.height - both.height,
        )
        yield {"statistic": name} | found.as_row()
