"""Exact output: right, right but wrapped in prose, or wrong."""

import json
import re
from typing import Any

__all__ = ["format_match"]

_FENCED = re.compile(r"^```[\w+-]*\n(.*?)\n?```$", re.DOTALL)


def format_match(response: str, reference: str) -> float:
    """1.0 if the response is the expected output, 0.5 if it only contains it, else 0.0.

    White space around it and one code fence are no fault. An expected JSON object or array is
    compared as a value, everything else line by line.
    """
    said, gold = _bare(response), _bare(reference)
    value = _json(gold)
    same = _json(said) == value if value is not None else _lines(said) == _lines(gold)
    if same:
        return 1.0
    return 0.5 if _lines(gold) in _runs(said, len(_lines(gold))) or gold in said else 0.0


def _bare(text: str) -> str:
    text = text.strip()
    fenced = _FENCED.match(text)
    return fenced.group(1).strip() if fenced else text


def _json(text: str) -> Any:
    """The JSON object or array that a text is, or None."""
    if not text.startswith(("{", "[")):
        return None
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return None


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines()]


def _runs(text: str, length: int) -> list[list[str]]:
    lines = _lines(text)
    return [lines[i : i + length] for i in range(len(lines) - length + 1)]
