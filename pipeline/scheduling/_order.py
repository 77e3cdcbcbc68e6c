"""In which order the requests of a batch are decided."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["decision_order"]


def decision_order(lengths: NDArray[np.float64], key: str) -> NDArray[np.int64]:
    """Return the positions in order of decision.

    Longest processing time first: by the expected output tokens (n, M), taken over the models by
    `key` (max, min or mean), descending, because a long request placed late has nowhere good left
    to go. Equal ones keep their order of arrival; so do all with the key none.
    """
    if key == "none":
        return np.arange(len(lengths))
    if key == "max":
        keys = lengths.max(axis=1)
    else:
        keys = lengths.min(axis=1) if key == "min" else lengths.mean(axis=1)
    return np.argsort(-keys, kind="stable")
