"""Has a stream changed? Conformal p-values and what a gambler makes of them.

Where the scores are exchangeable, their conformal p-values are independent and uniform, and no bet
on them has an edge: the capital is a martingale. A large capital is evidence of a change that may
be looked at after every score, however often (Vovk 2021, Statistical Science 36:595-611).
"""

import math

import numpy as np
import numpy.typing as npt

from pipeline.statistics._arrays import Floats, finite, in_unit, open_share

__all__ = ["alarm", "conformal_pvalues", "martingale"]

_SLOPES = np.array([-1.0, 0.0, 1.0])
_JUMP = 0.01


def conformal_pvalues(
    scores: npt.ArrayLike, rng: np.random.Generator, reference: npt.ArrayLike | None = None
) -> Floats:
    """Share of the scores so far that are at least as large, smoothed over ties (Vovk et al. 2005).

    p_i = (#{j <= i: s_j > s_i} + u_i #{j <= i: s_j = s_i}) / i, u_i uniform: independent and
    uniform where the scores are exchangeable. Small for a score that is large among those before.

    Args:
        scores: (n,) in the order of time, in any unit.
        rng: source of the u_i.
        reference: (m,) scores that came before; they count as the start of the stream, and the
            p-values hold if stream and reference together are exchangeable.

    Returns:
        (n,) p-values, 0 < p <= 1.

    Raises:
        DataError: a value is NaN or infinite.
    """
    from pipeline.statistics._martingale_kernel import smoothed_ranks

    before = finite([] if reference is None else reference, "reference")
    stream = np.concatenate([before, finite(scores, "scores")])
    return smoothed_ranks(stream, 1.0 - rng.random(stream.size))[before.size :]


def martingale(pvalues: npt.ArrayLike) -> Floats:
    """Capital of a gambler against uniform p-values, as log10, from a capital of 1.

    Half of it is put on the level of the scores, with the p-values as they are: small ones and
    large ones both pay, so a shift either way shows. The other half is put on their spread, with
    |2 p - 1|. Each half is a Simple Jumper (Vovk et al. 2021, "Retrain or not retrain", PMLR 152):
    bets 1 + e (p - 1/2) with e = -1, 0, 1, of which a hundredth of the capital is spread evenly
    before each p-value. That keeps some of it off the table until the change comes.

    Args:
        pvalues: (n,) p-values, 0 to 1.

    Returns:
        (n,) log10 of the capital after each p-value.

    Raises:
        DataError: a value is NaN, infinite or outside 0..1.
    """
    from pipeline.statistics._martingale_kernel import jumper

    told = finite(pvalues, "pvalues")
    in_unit(told, "pvalues")
    level = jumper(told, _SLOPES, _JUMP)
    spread = jumper(np.abs(2.0 * told - 1.0), _SLOPES, _JUMP)
    path: Floats = (np.logaddexp(level, spread) - math.log(2.0)) / math.log(10.0)
    return path


def alarm(path: npt.ArrayLike, false_alarm: float) -> int | None:
    """Index of the first capital of at least 1 / false_alarm; None where there is none.

    A martingale that starts at 1 ever gets there with a chance of at most `false_alarm` (Ville
    1939), however long the stream is.

    Args:
        path: (n,) log10 of the capital, see `martingale`.
        false_alarm: chance of an alarm where nothing changed, 0..1.

    Raises:
        DataError: a value is NaN or infinite.
        ValueError: `false_alarm` is outside 0..1.
    """
    open_share(false_alarm, "false_alarm")
    over = np.flatnonzero(finite(path, "path") >= -math.log10(false_alarm))
    return int(over[0]) if over.size else None
