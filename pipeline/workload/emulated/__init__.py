"""Emulated models: they answer generated prompts in text, with known skill and habits.

What they write is labelled *emulated* wherever it is shown; it stands in for models that a laptop
cannot run, so that every later stage has real text to judge and real labels to learn from.
"""

from typing import Any

import numpy as np

from pipeline.errors import DataError
from pipeline.streams import stream
from pipeline.workload.emulated._answers import right_answer, wrong_answer
from pipeline.workload.emulated._models import EMULATED_MODELS, EmulatedModel, emulated_model
from pipeline.workload.emulated._prose import explain

__all__ = ["EMULATED_MODELS", "EmulatedModel", "emulate", "emulated_model"]

_SLOPE = 7.0  # of success against skill - difficulty
_ITEM_SPREAD = 0.8  # s.d. of what all models find easy or hard about a prompt, in logits


def emulate(prompt: dict[str, Any], model: EmulatedModel, seed: int) -> str:
    """Write one model's answer to one PROMPTS row.

    The answer depends on (seed, prompt_id, model) and the row alone. Success is a Bernoulli draw
    with probability sigmoid(7 * (skill - difficulty) + item), where the item effect is shared by
    all models.

    Raises:
        DataError: the prompt has no reference or no difficulty, or a task nobody emulates.
    """
    name, task = prompt["prompt_id"], prompt["task"]
    for column in ("reference_text", "difficulty"):
        if prompt[column] is None:
            raise DataError(f"prompt {name!r} has no {column}, so no emulated model can answer it")
    if task not in model.skill:
        raise DataError(
            f"prompt {name!r} has task {task!r}; emulated models know {', '.join(model.skill)}"
        )
    item = stream(seed, "emulated item", name).normal(0.0, _ITEM_SPREAD)
    rng = stream(seed, "emulated answer", name, model.name)
    logit = _SLOPE * (model.skill[task] - prompt["difficulty"]) + item
    succeeds = rng.random() < 1 / (1 + np.exp(-logit))
    reference = prompt["reference_text"]
    if succeeds:
        core = right_answer(task, reference, rng)
    else:
        core = wrong_answer(task, prompt["prompt_text"], reference, model.wraps_output, rng)
    text = explain(task, core, prompt["difficulty"], model.verbosity, model.rambles, rng)
    if rng.random() < model.breaks_off:
        return text[: int(rng.integers(0, max(1, len(text) // 3)))]
    return text
