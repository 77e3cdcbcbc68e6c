"""Whether the response is exactly the output that was asked for."""

import json
import re
from typing import Any

__all__ = ["format_match"]

_FENCE = re.compile(r"```[^\n`]*\n(?P<inside>.*?)\n?[ \t]*```", re.DOTALL)
_DECODER = json.JSONDecoder()
_MOST_STARTS = 500  # brackets to try in a long response; each try may read the rest of it
# A list or sum that goes on after the right part is another list or sum, hence not the answer.
_JOINERS = ",;|+*/"


def format_match(response_text: str, reference_text: str) -> float:
    """1.0 for the exact output, 0.5 when it stands within other prose, else 0.0.

    The output is the last fenced code block of the response or, without one, the whole text; outer
    white space is forgiven. A reference that is a
    JSON object or array is compared as a value (key order and spacing are free), any other line by
    line without outer white space.
    """
    body, wanted = _unfenced(response_text), reference_text.strip()
    value = _json(wanted)
    if isinstance(value, dict | list):
        return _match_json(body, value)
    return _match_lines(_lines(body), _lines(wanted))


def _unfenced(text: str) -> str:
    """The last fenced block where there is one, else the whole text."""
    blocks = [match["inside"] for match in _FENCE.finditer(text.strip())]
    return (blocks[-1] if blocks else text).strip()


def _match_json(body: str, wanted: Any) -> float:
    if _same(_json(body), wanted):
        return 1.0
    return 0.5 if any(_same(value, wanted) for value in _values_within(body)) else 0.0


def _json(text: str) -> Any:
    """The JSON value of a text, or None; null itself is no output that anybody asks for."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _values_within(text: str) -> list[Any]:
    """Outermost JSON objects and arrays in a text, in order."""
    values, position = [], 0
    for _ in range(_MOST_STARTS):
        start = re.compile(r"[{\[]").search(text, position)
        if start is None:
            break
        try:
            value, position = _DECODER.raw_decode(text, start.start())
            values.append(value)
        except (ValueError, RecursionError):
            position = start.end()
    return values


def _same(one: Any, other: Any) -> bool:
    """Equality of JSON values; unlike Python's, true is not 1. 1 and 1.0 are one number."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other)


def _lines(text: str) -> str:
    return "\n".join(line.strip() for line in text.strip().splitlines())


def _match_lines(body: str, wanted: str) -> float:
    if body == wanted:
        return 1.0
    if not wanted:
        return 0.0
    return 0.5 if any(_stands_alone(body, match, wanted) for match in _found(body, wanted)) else 0.0


def _found(body: str, wanted: str) -> list[re.Match[str]]:
    return list(re.finditer(rf"(?<!\w){re.escape(wanted)}(?!\w)", body))


def _stands_alone(body: str, match: re.Match[str], wanted: str) -> bool:
    own = {joiner for joiner in _JOINERS if joiner in wanted}
    before = body[: match.start()].rstrip(" \t")[-1:]
    after = body[match.end() :].lstrip(" \t")[:1]
    return before not in own and after not in own
