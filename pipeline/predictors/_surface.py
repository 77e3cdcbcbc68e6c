"""What the surface of a prompt says before anyone reads it: sizes, shares and marks."""

import re

import numpy as np
from numpy.typing import NDArray

__all__ = ["SURFACE", "surface_features"]

SURFACE = (
    "log_characters",
    "log_words",
    "log_lines",
    "log_sentences",
    "mean_word_length",
    "digit_share",
    "upper_share",
    "symbol_share",
    "non_ascii_share",
    "log_numbers",
    "log_largest_number",
    "options",
    "questions",
    "latex",
    "code",
    "blanks",
)

_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
_WORD = re.compile(r"\w+")
_SENTENCE = re.compile(r"[.!?]+(?:\s|$)")
_OPTION = re.compile(r"(?m)(?:^|\s)\(?[A-J][).:]\s")
_LATEX = re.compile(r"\\[a-zA-Z]+|\$|\^|_\{")
_CODE = re.compile(r"\b(?:def|return|import|class|print|assert|for|while)\b|[{}\[\];]|==|->")
_LARGEST = 1e12  # beyond it a number is a code, not a quantity


def surface_features(texts: tuple[str, ...]) -> NDArray[np.float32]:
    """Features of n texts, (n, len(SURFACE)); counts as log(1 + count)."""
    return np.array([_features(text) for text in texts], dtype=np.float32).reshape(
        len(texts), len(SURFACE)
    )


def _features(text: str) -> list[float]:
    size = max(len(text), 1)
    words = _WORD.findall(text)
    numbers = [min(float(found.replace(",", "")), _LARGEST) for found in _NUMBER.findall(text)]
    symbols = sum(not (c.isalnum() or c.isspace()) for c in text)
    counts = (len(text), len(words), text.count("\n"), len(_SENTENCE.findall(text)))
    marks = (_OPTION, re.compile(r"\?"), _LATEX, _CODE, re.compile(r"_{2,}"))
    return [
        *np.log1p(counts),
        sum(map(len, words)) / max(len(words), 1),
        sum(c.isdigit() for c in text) / size,
        sum(c.isupper() for c in text) / size,
        symbols / size,
        sum(ord(c) > 127 for c in text) / size,
        np.log1p(len(numbers)),
        np.log1p(max(numbers, default=0.0)),
        *np.log1p([len(mark.findall(text)) for mark in marks]),
    ]
