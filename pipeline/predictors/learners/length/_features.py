"""What learned lengths read of a prompt: embedding, surface, and the words it is made of."""

from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from pipeline.predictors._contract import Prompts
from pipeline.predictors._words import BINS
from pipeline.predictors.learners.length._words import inverse_frequencies, word_bags

__all__ = ["PromptFeatures"]

Singles = NDArray[np.float32]

_LARGEST = 5.0  # standard deviations; what lies beyond is an outlier, and is read as this
_CONSTANT = 1e-6  # a feature that varies less in training says nothing
_POWER_STEPS = 3  # of the randomised decomposition


class PromptFeatures:
    """Standardised features, (n, F) float32.

    Words are a TF-IDF bag of hashed words and word pairs in its latent semantic space (Deerwester
    et al. 1990), which knows names of tasks and of libraries that an embedding of the first 256
    tokens blurs.

    Args:
        components: principal components of the embedding; None for all of it.
        words: dimensions of the words' space; 0 for none.
    """

    def __init__(self, components: int | None, words: int) -> None:
        self.components = components
        self.words = words

    def fit(self, prompts: Prompts) -> Self:
        """Learn from N prompts; raises DataError where their texts are unknown."""
        from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

        # One thread, because more of them add in another order.
        with threadpool_limits(1):
            self.axes_ = self._axes(prompts.embeddings)
            self.idf_, self.topics_ = self._topics(prompts)
            raw = self._raw(prompts)
        self.centre_ = raw.mean(axis=0)
        spread = raw.std(axis=0)
        self.scale_ = np.where(spread > _CONSTANT, spread, np.inf).astype(np.float32)
        return self

    def transform(self, prompts: Prompts) -> Singles:
        """Features of n prompts; raises DataError where their texts are unknown."""
        scaled: Singles = (self._raw(prompts) - self.centre_) / self.scale_
        return np.clip(scaled, -_LARGEST, _LARGEST)

    def save(self, path: Path) -> None:
        """Write what was learned as one file of arrays."""
        names = ("axes_", "idf_", "topics_", "centre_", "scale_")
        np.savez(path, **{name: getattr(self, name) for name in names})

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote."""
        with np.load(path, allow_pickle=False) as arrays:
            found = cls(None, arrays["topics_"].shape[1])
            for name in arrays.files:
                setattr(found, name, arrays[name])
        return found

    def _axes(self, embeddings: Singles) -> Singles:
        """Principal axes, (d, components); with no columns where the embedding stays whole."""
        if self.components is None:
            return np.empty((embeddings.shape[1], 0), dtype=np.float32)
        from sklearn.decomposition import PCA

        count = min(self.components, *embeddings.shape)
        fitted = PCA(count, svd_solver="covariance_eigh").fit(embeddings.astype(np.float64))
        axes: Singles = fitted.components_.T.astype(np.float32)
        return axes

    def _topics(self, prompts: Prompts) -> tuple[Singles, Singles]:
        """Weights of the hashed words (bins,), and their axes (bins, words)."""
        from sklearn.decomposition import TruncatedSVD

        count = min(self.words, len(prompts) - 1)
        if count < 1:
            return np.ones(BINS, dtype=np.float32), np.empty((BINS, 0), dtype=np.float32)
        idf = inverse_frequencies(prompts)
        steps: dict[str, Any] = {"n_iter": _POWER_STEPS, "random_state": 0}
        fitted = TruncatedSVD(count, **steps).fit(word_bags(prompts, idf))
        return idf, fitted.components_.T.astype(np.float32)

    def _raw(self, prompts: Prompts) -> Singles:
        embedded = prompts.embeddings
        parts = [embedded @ self.axes_ if self.axes_.shape[1] else embedded, prompts.surface]
        if self.topics_.shape[1]:
            bags = word_bags(prompts, self.idf_)
            parts.append(np.asarray(bags @ self.topics_, dtype=np.float32))
        return np.hstack(parts)
