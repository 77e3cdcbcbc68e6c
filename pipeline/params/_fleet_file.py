"""The fleet on its own: the file that names tiers, instances, endpoints and faults."""

from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from pipeline.errors import ParamsError
from pipeline.files import write_text
from pipeline.params._fleet import FleetParams
from pipeline.params._params import parse_params
from pipeline.params._reading import read_mapping, sentence

__all__ = ["dump_fleet", "load_fleet"]

_HOLDS = "a fleet (tiers, instances, endpoints, faults) or be a params.yaml with base.fleet"


def load_fleet(path: Path) -> FleetParams:
    """Read the fleet of a params.yaml, or a YAML file whose top level is the fleet.

    A file with a section `base` is taken for a params.yaml and checked as a whole.

    Raises:
        ParamsError: the file is absent, is not YAML, holds neither, or a value is not accepted.
    """
    values = read_mapping(path, _HOLDS)
    if "base" in values:
        return parse_params(values, str(path)).base.fleet
    if "tiers" not in values:
        raise ParamsError(f"{path}: must hold {_HOLDS}; found {_found(values)}")
    try:
        return FleetParams.model_validate(values)
    except ValidationError as error:
        raise ParamsError(f"{path}: {sentence(error.errors()[0])}") from None


def dump_fleet(fleet: FleetParams, path: Path) -> None:
    """Write a fleet as a file that `load_fleet` reads back equal, whole or not at all."""
    values = fleet.model_dump(mode="json", by_alias=True, exclude_none=True)
    write_text(path, yaml.safe_dump(values, sort_keys=False, allow_unicode=True, width=100))


def _found(values: dict[str, Any]) -> str:
    return ", ".join(str(key) for key in list(values)[:8]) or "no keys"
