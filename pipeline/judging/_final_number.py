"""The GSM8K rule: the last number of the response is the answer."""

import re
from decimal import Decimal
from fractions import Fraction

__all__ = ["final_number", "last_number"]

# LaTeX and typography that stand between the digits and their value.
_REWRITES = (
    (re.compile(r"[\u2212\u2012\u2013\ufe63\uff0d](?=[\s$\\]*[0-9.])"), "-"),
    (re.compile(r"\{,\}"), ","),
    (re.compile(r"\\[,!;]|(?<=[0-9])[\u00a0\u2009\u202f](?=[0-9]{3}(?![0-9]))"), ""),
    (re.compile(r"\\[dt]?frac([0-9])([0-9])(?![0-9])"), r"\1/\2"),
    (re.compile(r"\\[dt]?frac\s*\{\s*(-?[0-9.,]+)\s*\}\s*\{\s*([0-9.,]+)\s*\}"), r"\1/\2"),
    # A date is three numbers, not a fraction.
    (re.compile(r"(?<![0-9/])([0-9]+)/([0-9]+)/([0-9]+)(?![0-9/])"), r"\1 \2 \3"),
)
_DIGITS = r"(?:[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])|[0-9]+)(?:\.[0-9]+)?|\.[0-9]+"
# A sign counts only where nothing stands before it that it could be subtracted from, and digits
# glued to a letter or raised as a power belong to a name or a unit (CO2, m^2), not to a value.
_NUMBER = re.compile(
    r"(?P<sign>(?<![\w)\]}])-)?(?:\\?[$€£]\s?)?(?P<inner>(?<=[$€£])-)?"
    r"(?<![A-Za-z^])(?<![A-Za-z0-9)}]_)(?<!\^\{)(?<![0-9][.])(?<![0-9])"
    rf"(?P<top>{_DIGITS})(?P<power>[eE][+-]?[0-9]{{1,3}}(?![0-9A-Za-z]))?"
    rf"(?:/(?P<bottom>{_DIGITS}))?"
)


def final_number(response_text: str, reference_text: str) -> float:
    """1.0 when the last numbers of both texts are the same value, else 0.0.

    Understands 1,234.50, currency signs, percent (50% is 50), fractions a/b and \\frac, a Unicode
    minus and LaTeX \\boxed. A text without a number never matches.
    """
    found, wanted = last_number(response_text), last_number(reference_text)
    return float(found is not None and found == wanted)


def last_number(text: str) -> Fraction | None:
    """Return the exact value of the last number in the text, or None when there is none."""
    for pattern, plain in _REWRITES:
        text = pattern.sub(plain, text)
    matches = list(_NUMBER.finditer(text))
    return _value(matches[-1]) if matches else None


def _value(match: re.Match[str]) -> Fraction:
    value = _exact(match["top"] + (match["power"] or ""))
    bottom = _exact(match["bottom"]) if match["bottom"] else Fraction(1)
    value = value / bottom if bottom else Fraction(0)  # of 5/0 only the last number, 0, is left
    return -value if match["sign"] or match["inner"] else value


def _exact(digits: str) -> Fraction:
    # By way of Decimal, because int() refuses very long strings and a model may write one.
    return Fraction(Decimal(digits.replace(",", "")))
