"""The base of every section of params.yaml: frozen, typed, and deaf to unknown keys."""

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from pipeline.errors import nearest

__all__ = ["Address", "Count", "Positive", "Price", "Section", "Share", "refuse_unknown"]

Count = Annotated[int, Field(ge=1)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1)]
Price = Annotated[float, Field(ge=0, allow_inf_nan=False)]  # USD per million tokens


def _checked_address(value: str) -> str:
    # What may hold a key is not repeated: the sentence ends in logs.
    if re.search(r"[@?#]", value):
        raise ValueError(
            "an address with a user, a password or a query is refused; key_variable names the "
            "environment variable of a key"
        )
    if not re.fullmatch(r"https?://[^\s/]+(/\S*)?", value):
        raise ValueError(
            f"{value!r} is not the address of a server; http://HOST:PORT is accepted, with a path "
            "if it has one"
        )
    return value


Address = Annotated[str, AfterValidator(_checked_address)]  # URL of a server, without any key


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
