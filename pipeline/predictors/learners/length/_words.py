"""The words of a prompt as a sparse bag, and what they alone say of a length."""

from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from pipeline.predictors._contract import Prompts
from pipeline.predictors._known import column_means
from pipeline.predictors._words import BINS

__all__ = ["WordRegression", "inverse_frequencies", "word_bags"]

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]


def inverse_frequencies(prompts: Prompts) -> Singles:
    """How rare each hashed word is among the prompts, on a log scale, (BINS,)."""
    from sklearn.feature_extraction.text import TfidfTransformer

    found: Singles = TfidfTransformer().fit(prompts.words).idf_.astype(np.float32)
    return found


def word_bags(prompts: Prompts, idf: Singles) -> Any:
    """TF-IDF of words and pairs of n prompts, sparse (n, BINS), rows of unit length.

    An entry is (1 + log of the count) times the weight of its word.
    """
    from sklearn.preprocessing import normalize

    bags = prompts.words.copy()
    bags.data = (1.0 + np.log(bags.data)) * idf[bags.indices]
    return normalize(bags, copy=False)


class WordRegression:
    """Ridge regression of C columns on the bag of words.

    Args:
        penalty: on the squared weights.
    """

    def __init__(self, penalty: float = 1.0) -> None:
        self.penalty = penalty

    def fit(self, prompts: Prompts, values: Floats) -> Self:
        """Learn from N prompts and (N, C) values, NaN where unknown, each column by its known rows.

        `left_out_` is what each row is told by the others, (N, C) float32, in closed form (Allen
        1974): what a learner that reads these predictions as features has to train on, since its
        own rows are told too well.
        """
        from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

        self.idf_ = inverse_frequencies(prompts)
        bags = word_bags(prompts, self.idf_)
        self.means_ = column_means(values)
        self.weights_ = np.zeros((BINS, values.shape[1]), dtype=np.float32)
        self.left_out_ = np.zeros(values.shape, dtype=np.float32)
        # One thread, because more of them add in another order.
        with threadpool_limits(1):
            products = (bags @ bags.T).toarray().astype(np.float64)
            for column in range(values.shape[1]):
                self._fit_column(bags, products, values[:, column], column)
        return self

    def _fit_column(self, bags: Any, products: Floats, values: Floats, column: int) -> None:
        known = ~np.isnan(values)
        apart = values[known] - self.means_[column]
        inside = products[np.ix_(known, known)]
        inverse = np.linalg.inv(inside + self.penalty * np.eye(len(apart)))
        dual = inverse @ apart
        self.weights_[:, column] = bags[known].T @ dual
        self.left_out_[:, column] = products[:, known] @ dual
        self.left_out_[known, column] = apart - dual / np.diag(inverse)

    def predict(self, prompts: Prompts) -> Singles:
        """Deviation of n prompts from the mean of each column, (n, C)."""
        return np.asarray(word_bags(prompts, self.idf_) @ self.weights_, dtype=np.float32)

    def save(self, path: Path) -> None:
        """Write what was learned as one file of arrays."""
        np.savez(path, idf=self.idf_, means=self.means_, weights=self.weights_)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote; without what only training needs."""
        found = cls()
        with np.load(path, allow_pickle=False) as arrays:
            found.idf_, found.means_ = arrays["idf"], arrays["means"]
            found.weights_ = arrays["weights"]
        return found
