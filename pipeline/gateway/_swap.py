"""What /admin/config asks for, against what decides now; pure."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import Field, ValidationError, field_validator

from pipeline.errors import ParamsError
from pipeline.gateway._parts import Choice
from pipeline.params import WeightParams
from pipeline.params._reading import sentence
from pipeline.params._section import Section

__all__ = ["changed"]


class _Predictors(Section):
    quality: str | None = None
    length: str | None = None
    latency: str | None = None


class _Config(Section):
    arm: str | None = Field(default=None, min_length=1)
    weights: str | WeightParams | None = None
    predictors: _Predictors | None = None

    @field_validator("weights", mode="before")
    @classmethod
    def _numbers(cls, value: Any) -> Any:
        return WeightParams.model_validate(value) if isinstance(value, dict) else value


def changed(choice: Choice, raw: bytes) -> Choice:
    """The choice with what a body asks for in the place of what was chosen.

    Another arm comes with its own weights, unless the body names others.

    Raises:
        ParamsError: it is no JSON object, a key is unknown or a value is not accepted.
    """
    told = _config(raw)
    arm = told.arm or choice.arm
    kept = choice.weights if arm == choice.arm else None
    asked: Mapping[str, Any] = {} if told.predictors is None else told.predictors.model_dump()
    given = {kind: version for kind, version in asked.items() if version is not None}
    return replace(
        choice,
        arm=arm,
        weights=kept if told.weights is None else told.weights,
        predictors={**choice.predictors, **given},
    )


def _config(raw: bytes) -> _Config:
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        raise ParamsError("the body is not JSON; a JSON object is accepted") from None
    try:
        return _Config.model_validate(body)
    except ValidationError as error:
        raise ParamsError(sentence(error.errors(include_url=False)[0])) from None
