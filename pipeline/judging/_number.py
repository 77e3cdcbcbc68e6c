"""GSM8K's rule: the last number of the answer is the gold number."""

import re
from fractions import Fraction

__all__ = ["final_number", "last_number"]

_NUMBER = re.compile(r"[-−]?(?:\d[\d,]*(?:\.\d+)?|\.\d+)(?:\s*/\s*\d+(?:\.\d+)?)?")


def last_number(text: str) -> Fraction | None:
    """Return the last number of a text exactly, or None.

    Thousands separators, currency signs, percent signs and a full stop after the number are
    ignored; a/b is a fraction; the Unicode minus counts as a minus. A hyphen between two digits or
    letters (7-9, page-12) is no sign.
    """
    found = None
    for match in _NUMBER.finditer(text):
        before = text[match.start() - 1] if match.start() else " "
        token = match.group().replace("−", "-")
        if token.startswith("-") and before.isalnum():
            token = token[1:]
        found = _value(token) or found if "/" in token else _value(token)
    return found


def _value(token: str) -> Fraction | None:
    top, _, bottom = token.replace(",", "").partition("/")
    if not bottom:
        return Fraction(top)
    return Fraction(top.strip()) / Fraction(bottom.strip()) if Fraction(bottom.strip()) else None


def final_number(response: str, reference: str) -> float:
    """1.0 if the last numbers of both texts are equal, else 0.0; an answer without one is wrong.

    Raises ValueError if the reference holds no number.
    """
    gold = last_number(reference)
    if gold is None:
        raise ValueError("the reference holds no number")
    return float(last_number(response) == gold)
