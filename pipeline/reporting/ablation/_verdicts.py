"""The rule that turns tests into verdicts, family by family."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.params import AblationParams
from pipeline.statistics import benjamini_hochberg, claim_verdict, holm

__all__ = ["judge"]

_CORRECTIONS: Mapping[str, Callable[[NDArray[np.float64]], NDArray[np.float64]]] = {
    "holm": holm,
    "benjamini_hochberg": benjamini_hochberg,
    "none": np.copy,
}


def judge(found: list[dict[str, Any]], params: AblationParams) -> list[dict[str, Any]]:
    """Return the rows of `measured_contrasts` with p_adjusted and verdict.

    The rule, with the interval [low, high] of the improvement and alpha = 1 - level:

    - superior: *supported* if low > margin and the adjusted P < alpha; *refuted* if high < margin.
    - noninferior: *supported* if low > -margin and the adjusted P < alpha; *refuted* if high <
      -margin.
    - equivalent: *supported* if the interval lies inside (-margin, margin) and the adjusted P <
      alpha; *refuted* if it lies outside altogether.
    - *inconclusive* otherwise, and whenever there is no interval.

    Each family is corrected over all its contrasts at all their rates. A test that could not be
    made stays in it with P = 1, so that a gap never makes the others easier. A detectable effect
    is kept where the verdict is inconclusive: elsewhere it says nothing.
    """
    judged = [dict(row) for row in found]
    for family in {row["family"]: None for row in judged}:
        _correct([row for row in judged if row["family"] == family])
    for row in judged:
        interval = (row["low"], row["high"])
        row["verdict"] = claim_verdict(
            row["kind"], row["margin"], interval, row["p_adjusted"], 1 - params.level
        )
        if row["verdict"] != "inconclusive":
            row["detectable"] = None
    return judged


def _correct(family: list[dict[str, Any]]) -> None:
    raw = np.array([1.0 if row["p_value"] is None else row["p_value"] for row in family])
    adjusted = _CORRECTIONS[family[0]["correction"]](raw)
    for row, p_value in zip(family, adjusted, strict=True):
        row["p_adjusted"] = None if row["p_value"] is None else float(p_value)
