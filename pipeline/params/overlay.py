"""Laying a preset over params.yaml without losing its comments."""

import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from ruamel.yaml import YAML
from ruamel.yaml.nodes import ScalarNode
from ruamel.yaml.representer import RoundTripRepresenter

from pipeline.errors import ParamsError
from pipeline.files import write_text
from pipeline.params._params import parse_params

__all__ = ["apply_overlay"]


class _Only(dict[str, Any]):
    """A mapping tagged !only: its names take the place of the old ones instead of joining them."""


class _Loader(yaml.SafeLoader):
    pass


def _only(loader: yaml.SafeLoader, node: yaml.Node) -> _Only:
    assert isinstance(node, yaml.MappingNode)
    return _Only({str(key): value for key, value in loader.construct_mapping(node, True).items()})


_Loader.add_constructor("!only", _only)


class _Representer(RoundTripRepresenter):
    """As ruamel.yaml has it, but 1e-05 as 1.0e-05: without the point it is a text to PyYAML."""

    def represent_float(self, data: float) -> ScalarNode:
        text = yaml.safe_dump(data).partition("\n")[0]
        return self.represent_scalar("tag:yaml.org,2002:float", text)


_Representer.add_representer(float, _Representer.represent_float)


def apply_overlay(params: Path, preset: Path, changes: list[str]) -> list[str]:
    """Change the parameter file and return one line per changed key.

    The result is checked before anything is written.

    Args:
        params: file to change.
        preset: YAML file with nested keys; a mapping tagged ``!only`` replaces what was there.
        changes: further ones as ``section.key=value``, the value in YAML.

    Raises:
        ParamsError: a file cannot be read, a change has no value, or the result is not valid.
    """
    editor = YAML()
    editor.preserve_quotes = True
    editor.width = 120
    editor.Representer = _Representer
    document = editor.load(_read(params))
    overlay = yaml.load(_read(preset), _Loader) or {}
    if not isinstance(overlay, dict):
        raise ParamsError(f"{preset}: must hold sections such as base and prompts")
    for change in changes:
        _put(overlay, *_parse(change))
    lines = list(_merge(document, overlay, ()))
    text = io.StringIO()
    editor.dump(document, text)
    parse_params(yaml.safe_load(text.getvalue()), f"{params} with {preset}")
    write_text(params, text.getvalue())
    return lines


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ParamsError(f"{path}: cannot be read ({error.strerror})") from error


def _parse(change: str) -> tuple[list[str], Any]:
    name, equals, value = change.partition("=")
    if not equals or not name:
        raise ParamsError(f"--set {change!r} must look like section.key=value")
    return name.split("."), yaml.safe_load(value)


def _put(overlay: dict[str, Any], keys: list[str], value: Any) -> None:
    for key in keys[:-1]:
        overlay = overlay.setdefault(key, {})
    overlay[keys[-1]] = value


def _merge(
    document: dict[str, Any], overlay: Mapping[str, Any], place: tuple[str, ...]
) -> Iterator[str]:
    for key, value in overlay.items():
        here = (*place, key)
        nested = isinstance(value, dict) and isinstance(document.get(key), dict)
        if nested and not isinstance(value, _Only):
            yield from _merge(document[key], value, here)
        elif key not in document or document[key] != value:
            document[key] = dict(value) if isinstance(value, _Only) else value
            yield f"{'.'.join(here)} = {value}"
