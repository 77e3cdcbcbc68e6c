"""Columns of numbers whose decimal points stand below each other, whatever their digits."""

import re
from dataclasses import dataclass

from pipeline.reporting.page._format import NONE

__all__ = ["Cell", "aligned", "is_number"]

# Sign and whole part, fraction, then what follows: an interval, a power of ten.
_NUMBER = re.compile(r"(−?[\d\u202f]+)(\.\d+)?((?: \[[^\]]*\])?(?: ×10\S+)?)")


@dataclass(frozen=True)
class Cell:
    """A text in parts; `before` and `after` take up room but are not shown.

    Attributes:
        before: the digits that the widest whole part of the column has more.
        number: what is read first: the point, or the whole text where it is no number.
        after: the decimals that the longest fraction of the column has more.
        tail: what follows the number, for example " [0.398, 0.427]".
    """

    before: str
    number: str
    after: str
    tail: str


def is_number(text: str) -> bool:
    """Whether a text is a number or an estimate as `_format` writes them, or stands for none."""
    return text == NONE or _NUMBER.fullmatch(text) is not None


def aligned(texts: list[str]) -> list[Cell]:
    """Return the cells of one column; texts that are no number stay as they are."""
    found = [_NUMBER.fullmatch(text) for text in texts]
    wholes = [match[1] for match in found if match]
    fractions = [match[2] or "" for match in found if match]
    whole, fraction = (max(parts, key=len, default="") for parts in (wholes, fractions))
    return [
        _cell(match, whole, fraction) if match else Cell("", text, "", "")
        for match, text in zip(found, texts, strict=True)
    ]


def _cell(match: re.Match[str], whole: str, fraction: str) -> Cell:
    own, decimals = match[1], match[2] or ""
    return Cell(whole[: len(whole) - len(own)], own + decimals, fraction[len(decimals) :], match[3])
