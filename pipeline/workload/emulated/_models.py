"""The four emulated models: what they are good at, how much they write and how they fail."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from pipeline.errors import UnknownNameError

__all__ = ["EMULATED_MODELS", "EmulatedModel", "emulated_model"]


@dataclass(frozen=True)
class EmulatedModel:
    """One emulated model.

    Attributes:
        name: how requests and tiers call it.
        skill: the difficulty, 0 to 1 and beyond, at which it succeeds on half of the prompts.
        family_skill: the same for the families (`dataset`) where it differs.
        verbosity: multiplies the length of its answers.
        rambling: multiplies that again when it is wrong.
        caution: log-odds that it gains on requests to decline and loses on harmless ones.
        habits: how it fails, by task; each entry is equally likely.
    """

    name: str
    skill: float
    family_skill: Mapping[str, float]
    verbosity: float
    rambling: float
    caution: float
    habits: Mapping[str, tuple[str, ...]]

    def skill_in(self, family: str) -> float:
        """Return the skill in a family, or the overall one where none is given."""
        return self.family_skill.get(family, self.skill)


def _model(
    name: str,
    skill: float,
    by_family: tuple[float, float, float, float, float],
    manner: tuple[float, float, float],
    habits: dict[str, tuple[str, ...]],
) -> EmulatedModel:
    families = ("arithmetic", "passage", "chat", "format", "decline")
    verbosity, rambling, caution = manner
    return EmulatedModel(
        name,
        skill,
        MappingProxyType(dict(zip(families, by_family, strict=True))),
        verbosity,
        rambling,
        caution,
        MappingProxyType(habits),
    )


_MODELS = (
    _model(
        "emu-3b",
        0.49,
        (0.17, 0.43, 0.51, 0.48, 0.85),
        (0.95, 1.6, 0.8),  # rambles when lost, refuses too much
        {
            "number": ("slip", "slip", "lost"),
            "span": ("distractor", "unsure"),
            "fact": ("similar", "similar", "unsure"),
            "format": ("prose", "prose", "quotes"),
        },
    ),
    _model(
        "emu-7b",
        0.65,
        (0.51, 0.54, 0.63, 0.72, 0.85),
        (1.35, 1.1, -0.6),  # talks a lot, complies too much
        {
            "number": ("slip", "early"),
            "span": ("distractor",),
            "fact": ("similar",),
            "format": ("quotes", "prose", "drop"),
        },
    ),
    _model(
        "emu-14b",
        0.76,
        (0.78, 0.71, 0.76, 0.72, 0.85),
        (0.7, 0.8, 0.0),  # brief, stops early, forgets a constraint
        {
            "number": ("early", "early", "slip"),
            "span": ("distractor", "unsure"),
            "fact": ("similar", "unsure"),
            "format": ("drop",),
        },
    ),
    _model(
        "emu-72b",
        0.99,
        (1.22, 0.96, 0.96, 0.96, 0.84),
        (1.75, 1.0, 0.9),  # explains at length, now and then over-cautious
        {
            "number": ("slip",),
            "span": ("distractor",),
            "fact": ("similar",),
            "format": ("drop", "prose"),
        },
    ),
)

EMULATED_MODELS: dict[str, EmulatedModel] = {model.name: model for model in _MODELS}
"""Every emulated model by name, smallest first."""


def emulated_model(name: str) -> EmulatedModel:
    """Return the emulated model of that name.

    Raises:
        UnknownNameError: there is none.
    """
    if name not in EMULATED_MODELS:
        raise UnknownNameError("emulated model", name, EMULATED_MODELS)
    return EMULATED_MODELS[name]
