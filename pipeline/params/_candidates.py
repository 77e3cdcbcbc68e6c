"""What the sections of all predictors share: candidates with options, and the one that serves."""

from typing import ClassVar, Self

from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from pipeline.params._section import Section, refuse_unknown

__all__ = ["BoundedSection", "CandidatesSection"]

# Two of the quantiles that every learner states bound an interval of these levels.
_LEVELS = (0.5, 0.8, 0.9, 0.98)


class CandidatesSection(Section):
    """A section with a key of options per candidate; null does not compete.

    Subclasses name those that need no options and always compete, those of them that may serve,
    and those with options.
    """

    kind: ClassVar[str]
    always: ClassVar[tuple[str, ...]]
    may_serve: ClassVar[tuple[str, ...]]
    learned: ClassVar[tuple[str, ...]]

    learner: str = Field(
        description="auto is selected on the validation split; or the name of a candidate"
    )

    @property
    def candidates(self) -> tuple[str, ...]:
        """Names of those that compete, the ones without options first."""
        return (*self.always, *(n for n in self.learned if getattr(self, n) is not None))

    @field_validator("learner")
    @classmethod
    def _declared(cls, name: str) -> str:
        refuse_unknown(f"{cls.kind} learner", [name], ["auto", *cls.may_serve, *cls.learned])
        return name

    @model_validator(mode="after")
    def _competes(self) -> Self:
        if self.learner != "auto" and self.learner not in self.candidates:
            raise PydanticCustomError(
                "absent_candidate",
                "learner {name} has no options below it; null does not compete",
                {"name": repr(self.learner)},
            )
        return self


class BoundedSection(CandidatesSection):
    """Candidates whose bounds are two of the quantiles that they learn."""

    level: float = Field(description="coverage of the bounds")

    @field_validator("level")
    @classmethod
    def _between_quantiles(cls, level: float) -> float:
        if level not in _LEVELS:
            accepted = ", ".join(map(str, _LEVELS))
            raise PydanticCustomError("level", "accepted are {levels}", {"levels": accepted})
        return level
