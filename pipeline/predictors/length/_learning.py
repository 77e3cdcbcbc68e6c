"""How the length predictor grows with its training data."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.params import LengthParams
from pipeline.predictors._curve import learning_curve
from pipeline.predictors._train import Labelled
from pipeline.predictors.length._candidates import LengthCandidates, length_learner
from pipeline.predictors.length._loss import pinball_losses
from pipeline.predictors.length._model import LengthModel

__all__ = ["length_learning"]

Floats = NDArray[np.float64]

_REFERENCE = "knn"


def length_learning(
    candidates: LengthCandidates,
    train: Labelled,
    calibration: Labelled,
    test: Labelled,
    params: LengthParams,
    label: str,
    seed: int,
) -> pl.DataFrame:
    """LEARNING rows: pinball loss, as in `learning_curve`.

    Of the selected candidate and of k-NN where it competes, on the test split. Each is calibrated
    on the whole calibration split.
    """
    models = candidates.serving.models_

    def losses_after(name: str, part: Labelled | None) -> dict[str, Floats]:
        model = candidates.fitted[name]
        if part is not None:
            model = LengthModel(length_learner(name, params, seed), params.level).fit(
                models, part.prompts, part.values, calibration.prompts, calibration.values
            )
        return {"pinball": pinball_losses(model.predict(test.prompts), test.values)}

    shown = [n for n in dict.fromkeys((candidates.selected, _REFERENCE)) if n in candidates.fitted]
    return learning_curve("length", shown, train, test, losses_after, label, seed)
