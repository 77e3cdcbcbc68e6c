"""What learners of quality see of a prompt: its embedding and its surface, on one scale."""

import numpy as np
from numpy.typing import NDArray

from pipeline.predictors._contract import Prompts

__all__ = ["centre_of", "prompt_features"]

Floats = NDArray[np.float64]

# The embedding is the larger part of a row: its squares add up to 384 * .125^2 = 6, those of 16
# standardised features to 16 * .5^2 = 4.
_EMBEDDING, _SURFACE, _LIMIT = 0.125, 0.5, 4.0


def centre_of(prompts: Prompts) -> Floats:
    """Mean and scale of the surface of training prompts, (2, F), for `prompt_features`."""
    surface = prompts.surface.astype(np.float64)
    return np.stack([surface.mean(axis=0), surface.std(axis=0) + 1e-6])


def prompt_features(prompts: Prompts, centre: Floats) -> Floats:
    """Features of n prompts, (n, d + F)."""
    vectors = prompts.embeddings.astype(np.float64)
    standard = (prompts.surface - centre[0]) / centre[1]
    return np.hstack(
        [
            vectors * (_EMBEDDING * np.sqrt(vectors.shape[1])),
            np.clip(standard, -_LIMIT, _LIMIT) * _SURFACE,
        ]
    )
