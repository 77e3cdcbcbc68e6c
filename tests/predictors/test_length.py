"""The chance that an answer fits into a limit, from calibrated quantiles."""

import numpy as np

from pipeline.predictors import LengthModel, Prompts
from pipeline.predictors.learners import Knn


def test_chances_of_a_limit_are_calibrated() -> None:
    rng = np.random.default_rng(0)
    said, held = [], []
    for _ in range(300):
        vectors = rng.normal(size=(160, 4))
        vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
        lengths = np.exp(5 + vectors[:, :1] + rng.normal(0, 0.4, (160, 1)))
        told = LengthModel(Knn(5), level=0.9)
        parts = Prompts(vectors[:60]), Prompts(vectors[60:140])
        told.fit(["a"], parts[0], lengths[:60], parts[1], lengths[60:140])
        limit = 150.0
        chances = told.predict(Prompts(vectors[140:])).distribution.probability(np.array([[limit]]))
        said.append(chances.mean())
        held.append((lengths[140:] <= limit).mean())
    # 300 fits of 20 new prompts: the mean difference has an s.e. below 0.01; 1 pair in 80 withheld.
    assert -0.02 < np.mean(held) - np.mean(said) < 0.02 + 1 / 80
