"""Single iterations, as they show in the gaps between the tokens of a stream.

Every token of an iteration leaves the engine when it ends. So the gap between two tokens of a
stream is one iteration, and whatever else came at about the end of the gap was served in it:
decoding sequences with their contexts, and the whole prompts of those whose first token it was.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.optimize import least_squares

from pipeline.errors import DataError
from pipeline.fleet._step import StepTime

__all__ = ["Gaps", "fit_gaps", "gaps_of"]

Floats = NDArray[np.float64]

# Relative error beyond which a gap counts less: an iteration that something interrupted.
_SOFT = 0.15
_FEWEST = 30


@dataclass(frozen=True)
class Gaps:
    """n iterations; (n,) each.

    Attributes:
        ms: how long they took.
        prefill, decode, context, work: tokens of prompts, decoding sequences, context tokens of
            these, and prefill attention, as in `StepTime`.
    """

    ms: Floats
    prefill: Floats
    decode: Floats
    context: Floats
    work: Floats


def gaps_of(rows: pl.DataFrame, budget: int) -> Gaps:
    """Find the iterations in LIVE_REQUESTS rows.

    Left out are requests that are held out (they count as company), gaps that hold more than one
    token, and prompts above `budget` tokens, whose chunks cannot be told apart.
    """
    good = rows.filter(pl.col("outcome") == "ok", pl.col("prompt_tokens") <= budget)
    parts = [_run_gaps(run) for _, run in good.group_by("run", maintain_order=True)]
    return Gaps(*(np.concatenate(values) for values in zip(*parts, strict=True)))


def _run_gaps(rows: pl.DataFrame) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    names = ("request_id", "prompt_tokens", "part")
    events = (
        rows.select(*names, "token_s", "token_count")
        .explode("token_s", "token_count")
        .with_columns(
            gap=pl.col("token_s").diff().over("request_id"),
            first=pl.col("token_count").diff().over("request_id").is_null(),
            single=(pl.col("token_count").diff().over("request_id") == 1)
            & (pl.col("part") != "test"),
        )
        .sort("token_s")
    )
    at = events["token_s"].to_numpy()
    first = events["first"].to_numpy()
    prompt = events["prompt_tokens"].to_numpy().astype(np.float64)
    context = prompt + events["token_count"].to_numpy() - 2
    chosen = (events["single"] & (events["gap"] > 0)).fill_null(False).to_numpy()
    end, gap = at[chosen], events["gap"].to_numpy()[chosen]
    # The tokens of one iteration come in a burst that is shorter than any iteration.
    usual = float(np.median(gap)) if gap.size else 0.0
    half = np.minimum(gap, usual) / 2
    left, right = np.searchsorted(at, end - half), np.searchsorted(at, end + half)

    def inside(values: Floats) -> Floats:
        total = np.concatenate([[0.0], np.cumsum(values)])
        sums: Floats = total[right] - total[left]
        return sums

    return (
        1e3 * gap,
        inside(np.where(first, prompt, 0.0)),
        inside(np.where(first, 0.0, 1.0)),
        inside(np.where(first, 0.0, context)),
        inside(np.where(first, prompt * prompt / 2, 0.0)),
    )


def fit_gaps(gaps: Gaps) -> StepTime:
    """Fit t = a + c*D + d*S to decodes alone, then b, p, q and c_mixed to what has prefill.

    Soft-L1 on relative errors, coefficients at least 0.

    Raises:
        DataError: fewer than 30 iterations of either kind.
    """
    alone = gaps.prefill == 0
    for kind, count in (("without", alone.sum()), ("with", (~alone).sum())):
        if count < _FEWEST:
            raise DataError(
                f"{count} iterations {kind} prefill show between tokens, at least {_FEWEST} are "
                "needed: measure longer, at higher rates, on a server that streams every token"
            )
    one = np.ones(gaps.ms.size)
    a, c, d = _non_negative(gaps.ms, (one, gaps.decode, gaps.context), alone)
    rest = gaps.ms - a - d * gaps.context
    b, p, q, c_mixed = _non_negative(
        rest, (one, gaps.prefill, gaps.work, gaps.decode), ~alone, scale=gaps.ms
    )
    return StepTime((0.0,), (a,), 0.0, p=p, c=c, d=d, q=q, c_mixed=c_mixed, d_mixed=d, b=b)


def _non_negative(
    target: Floats,
    columns: tuple[Floats, ...],
    rows: NDArray[np.bool_],
    scale: Floats | None = None,
) -> list[float]:
    weight = 1 / (target if scale is None else scale)[rows]
    design = np.stack(columns, axis=1)[rows] * weight[:, None]
    size = np.abs(design).mean(axis=0)
    found = least_squares(
        lambda x: (design / size) @ x - target[rows] * weight,
        np.full(len(columns), 1 / len(columns)),
        jac=lambda _: design / size,
        bounds=(0, np.inf),
        loss="soft_l1",
        f_scale=_SOFT,
    )
    return [float(value) for value in found.x / size]
