"""From a YAML file to a checked section, with errors as sentences."""

from pathlib import Path
from typing import Any

import yaml
from pydantic_core import ErrorDetails

from pipeline.errors import ParamsError, nearest

__all__ = ["read_mapping", "sentence"]


def read_mapping(path: Path, holds: str) -> dict[str, Any]:
    """Read a YAML file whose top level is a mapping.

    Args:
        path: the file.
        holds: what its keys are, for the sentence that refuses anything else.

    Raises:
        ParamsError: the file is absent, is not YAML, or is not a mapping.
    """
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ParamsError(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise ParamsError(f"{path}: is not UTF-8 text") from error
    except yaml.YAMLError as error:
        reason = " ".join(str(error).split())
        raise ParamsError(f"{path}: is not YAML ({reason})") from error
    if not isinstance(values, dict):
        raise ParamsError(f"{path}: must hold {holds}")
    return values


def sentence(error: ErrorDetails) -> str:
    """Turn one pydantic error into one sentence that starts with the key."""
    place = ".".join(str(part) for part in error["loc"])
    message = error["msg"].removeprefix("Value error, ")
    message = message[:1].lower() + message[1:]
    if error["type"] == "missing":
        return f"{place} is missing"
    if error["type"] == "literal_error":
        choices = [
            text.strip("' ") for text in error["ctx"]["expected"].replace(" or ", ",").split(",")
        ]
        return f"{place}: unknown value {error['input']!r}; {nearest(str(error['input']), choices)}"
    if error["type"] in ("unknown_key", "unknown_name", "value_error"):
        return f"{place}: {message}" if place else message
    return f"{place}: {message}, got {error['input']!r}"
