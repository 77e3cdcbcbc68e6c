"""Every head that params.yaml declares, trained on a few prompts, as what a batch costs it."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks._turns import Work
from pipeline.params import Params
from pipeline.predictors import (
    LengthModel,
    Prompts,
    QualityModel,
    length_learner,
    quality_learner,
)

__all__ = ["head_works"]

Floats = NDArray[np.float64]

_STEPS = 20  # of descent: what a network costs to ask does not depend on how well it learned
_SLOW = {"tuned_head"}  # encodes every prompt anew, for which it trains by the minute


def head_works(params: Params, prompts: Prompts, rng: np.random.Generator) -> dict[str, Work]:
    """Learner and calibrated model of every candidate, by "quality.NAME" or "length.NAME".

    They learn from the first two thirds of the prompts, with drawn labels, and calibrate on the
    rest; every batch comes as prompts whose neighbours and surface nobody has looked at.
    """
    models = list(params.base.fleet.models)
    cut = 2 * len(prompts) // 3
    parts = [prompts.take(np.arange(*ends)) for ends in ((0, cut), (cut, len(prompts)))]
    shapes = [(len(part), len(models)) for part in parts]
    lengths = [np.ceil(rng.lognormal(4.8, 0.8, shape)) for shape in shapes]
    labels = [(rng.random(shape) < 0.6).astype(float) for shape in shapes]
    works: dict[str, Work] = {}
    quality, length = _brief(params.quality), _brief(params.length)
    for name in (one for one in params.quality.candidates if one not in _SLOW):
        scorer = QualityModel(quality_learner(name, quality, 1), params.quality.level)
        scorer.fit(models, parts[0], labels[0], parts[1], labels[1])
        works |= _works(f"quality.{name}", scorer, prompts)
    for name in params.length.candidates:
        teller = LengthModel(length_learner(name, length, 1), params.length.level)
        teller.fit(models, parts[0], lengths[0], parts[1], lengths[1])
        works |= _works(f"length.{name}", teller, prompts)
    return works


def _works(name: str, model: QualityModel | LengthModel, prompts: Prompts) -> Mapping[str, Work]:
    def asked(rows: list[int]) -> Prompts:
        return prompts.take(np.array(rows))

    def learner(rows: list[int]) -> object:
        if isinstance(model, QualityModel):
            return model.learner.predict(asked(rows))
        return model.learner.predict_distribution(asked(rows))

    return {name: learner, f"{name} calibrated": lambda rows: model.predict(asked(rows))}


def _brief(section: Any) -> Any:
    """The same options with hardly any training."""
    short = {
        name: one.model_copy(update={"steps": _STEPS})
        for name in type(section).model_fields
        if hasattr(one := getattr(section, name), "steps")
    }
    return section.model_copy(update=short)
