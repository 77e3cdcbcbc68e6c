"""The words of a prompt, hashed and counted."""

from typing import Any

import numpy as np

__all__ = ["BINS", "count_words"]

BINS = 2**14  # of hashed words and pairs of words


def count_words(texts: tuple[str, ...]) -> Any:
    """Counts of hashed words and pairs of neighbouring words of n texts, sparse (n, BINS)."""
    from sklearn.feature_extraction.text import HashingVectorizer

    hashed = HashingVectorizer(
        n_features=BINS, ngram_range=(1, 2), alternate_sign=False, norm=None, dtype=np.float32
    )
    return hashed.transform(texts)
