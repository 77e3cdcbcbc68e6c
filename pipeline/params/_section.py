"""The base of every section of params.yaml: frozen, typed, and deaf to unknown keys."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from pipeline.errors import nearest

__all__ = ["Count", "Positive", "Section", "Share"]

Count = Annotated[int, Field(ge=1)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1)]


class Section(BaseModel):
    """One section of params.yaml. Unknown keys are refused with the nearest valid one."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    @model_validator(mode="before")
    @classmethod
    def _refuse_unknown_keys(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        known = [field.alias or name for name, field in cls.model_fields.items()]
        for key in value:
            if key not in known:
                hint = nearest(str(key), known)
                raise PydanticCustomError(
                    "unknown_key", "unknown key {key}; {hint}", {"key": repr(key), "hint": hint}
                )
        return value


def refuse_unknown(kind: str, names: list[str], known: list[str]) -> None:
    """Raise the error that pydantic turns into a sentence with the place in front."""
    for name in names:
        if name not in known:
            hint = nearest(name, known)
            raise PydanticCustomError(
                "unknown_name",
                "unknown {kind} {name}; {hint}",
                {"kind": kind, "name": repr(name), "hint": hint},
            )
