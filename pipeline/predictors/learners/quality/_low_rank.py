"""Low-rank factorisation of the prompt x model matrix, prompts from their content."""

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from pipeline.predictors._contract import Prompts
from pipeline.predictors._known import column_means
from pipeline.predictors.learners.quality._features import centre_of, prompt_features
from pipeline.predictors.learners.quality._ridge import ridge_weights
from pipeline.predictors.learners.quality._stored import ArrayLearner

__all__ = ["LowRank"]

Floats = NDArray[np.float64]

_SWEEPS = 15
_MODEL_PENALTY = 1.0


class LowRank(ArrayLearner):
    """A few traits of a prompt (how hard, which subject) that all models meet, each in its way.

    label(i, m) = mean(m) + traits(i) . loadings(m). Traits and loadings are fitted by alternating
    ridge regressions to the known cells; then the traits are regressed on the prompt's features, so
    that models with few labels borrow from the others.

    Args:
        rank: traits.
        penalty: on the traits; large where labels are single noisy answers.
        alpha: penalty of the regression on the features.
        seed: of the start.
    """

    name: ClassVar[str] = "low_rank"
    arguments: ClassVar[tuple[str, ...]] = ("rank", "penalty", "alpha", "seed")
    arrays: ClassVar[tuple[str, ...]] = ("centre_", "middle_", "means_", "weights_")

    centre_: Floats
    middle_: Floats
    means_: Floats
    weights_: Floats

    def __init__(self, rank: int, penalty: float, alpha: float, seed: int) -> None:
        self.rank = rank
        self.penalty = penalty
        self.alpha = alpha
        self.seed = seed

    def _learn(self, inputs: Prompts, values: Floats) -> None:
        self.centre_ = centre_of(inputs)
        features = prompt_features(inputs, self.centre_)
        self.middle_ = features.mean(axis=0)
        self.means_ = column_means(values)
        traits, loadings = self._factors(values - self.means_)
        by_content = ridge_weights(features - self.middle_, traits, self.alpha)
        self.weights_ = by_content @ loadings.T

    def _factors(self, targets: Floats) -> tuple[Floats, Floats]:
        """Traits (N, r) and loadings (M, r) of centred labels (N, M), NaN unknown."""
        known = ~np.isnan(targets)
        filled = np.where(known, targets, 0.0)
        rank = min(self.rank, targets.shape[1])
        rng = np.random.default_rng(self.seed)
        loadings = np.linalg.svd(filled, full_matrices=False)[2][:rank].T
        loadings = loadings + 1e-3 * rng.standard_normal(loadings.shape)
        for _ in range(_SWEEPS):
            traits = _solved(filled, known, loadings, self.penalty)
            traits /= np.maximum(traits.std(axis=0), 1e-9)
            loadings = _solved(filled.T, known.T, traits, _MODEL_PENALTY)
        return _solved(filled, known, loadings, self.penalty), loadings

    def predict(self, inputs: Prompts) -> Floats:
        features = prompt_features(inputs, self.centre_) - self.middle_
        return np.clip(self.means_ + features @ self.weights_, 0.0, 1.0)


def _solved(targets: Floats, known: NDArray[np.bool_], basis: Floats, penalty: float) -> Floats:
    """Ridge coefficients (n, r) of each row of targets (n, m) on the basis (m, r)."""
    normal = np.einsum("nm,mr,ms->nrs", known, basis, basis, optimize=True)
    normal += penalty * np.eye(basis.shape[1])
    solved: Floats = np.linalg.solve(normal, (targets @ basis)[:, :, None])[:, :, 0]
    return solved
