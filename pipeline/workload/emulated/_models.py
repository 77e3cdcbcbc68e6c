"""The four emulated models: what each is good at, how much it talks, how it fails."""

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.errors import UnknownNameError

__all__ = ["EMULATED_MODELS", "EmulatedModel", "emulated_model"]


@dataclass(frozen=True)
class EmulatedModel:
    """A made-up model.

    Attributes:
        name: its name.
        skill: difficulty at which it succeeds half the time, by task; above 1 it rarely fails.
        verbosity: multiplier on the length of its explanations.
        rambles: share of answers that go on much longer.
        breaks_off: share of answers that are empty or cut short.
        wraps_output: share of format failures where the output is right but buried in prose.
    """

    name: str
    skill: Mapping[str, float]
    verbosity: float
    rambles: float
    breaks_off: float
    wraps_output: float


def _model(
    name: str, skills: tuple[float, float, float, float, float], habits: tuple[float, ...]
) -> EmulatedModel:
    tasks = ("number", "span", "fact", "format", "decline")
    return EmulatedModel(name, dict(zip(tasks, skills, strict=True)), *habits)


# Skills by task: number, span, fact, format, decline.
# Habits: verbosity, rambles, breaks off, wraps.
EMULATED_MODELS: dict[str, EmulatedModel] = {
    model.name: model
    for model in (
        _model("emu-3b", (0.18, 0.48, 0.42, 0.38, 0.90), (0.8, 0.10, 0.012, 0.7)),
        _model("emu-7b", (0.45, 0.52, 0.60, 0.55, 0.66), (1.25, 0.06, 0.008, 0.5)),
        _model("emu-14b", (0.66, 0.78, 0.66, 0.76, 0.64), (0.95, 0.03, 0.006, 0.3)),
        _model("emu-72b", (1.00, 0.90, 0.95, 0.86, 0.88), (1.5, 0.04, 0.004, 0.4)),
    )
}


def emulated_model(name: str) -> EmulatedModel:
    """Return the emulated model of this name; raise UnknownNameError with the nearest one."""
    if name not in EMULATED_MODELS:
        raise UnknownNameError("emulated model", name, EMULATED_MODELS, "base.fleet.tiers")
    return EMULATED_MODELS[name]
