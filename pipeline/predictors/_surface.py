"""What the surface of a prompt says before anyone reads it: sizes, shares and marks."""

import re
from functools import cache

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

_PLAIN = {name for name in SURFACE if name.endswith(("_share", "_length"))}
_LOGS = [place for place, name in enumerate(SURFACE) if name not in _PLAIN]

_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
_SENTENCE = re.compile(r"[.!?]+(?:\s|$)")
_OPTION = re.compile(r"[A-J][).:]\s")  # wherever it stands; `_options` looks at what precedes it
_COMMAND = re.compile(r"\\[a-zA-Z]")
_BLANK = re.compile(r"_{2,}")
_KEYWORDS = ["def", "return", "import", "class", "print", "assert", "for", "while"]
# Whole words; the plain start lets the search skip to the next place that holds it.
_KEYWORD = {word: re.compile(rf"{word}(?<!\w{word})\b") for word in _KEYWORDS}
_LARGEST = 1e12  # beyond it a number is a code, not a quantity

# What a character is, as bits; a table answers for all of the basic plane.
_DIGIT, _UPPER, _SYMBOL, _WIDE, _WORD = 1, 2, 4, 8, 16
_BITS = (_DIGIT, _UPPER, _SYMBOL, _WIDE, _WORD)
_KINDS = np.array([[kind & bit > 0 for bit in _BITS] for kind in range(32)], dtype=np.int64)
_PLANE = 0x10000


def surface_features(texts: tuple[str, ...]) -> NDArray[np.float32]:
    """Features of n texts, (n, len(SURFACE)); counts as log(1 + count)."""
    rows = np.array([_features(text) for text in texts]).reshape(len(texts), len(SURFACE))
    rows[:, _LOGS] = np.log1p(rows[:, _LOGS])
    return rows.astype(np.float32)


def _features(text: str) -> list[float]:
    size = max(len(text), 1)
    digits, upper, symbols, wide, letters, words = _characters(text)
    numbers = _NUMBER.findall(text) if digits else []
    return [
        len(text),
        words,
        text.count("\n"),
        len(_SENTENCE.findall(text)),
        letters / max(words, 1),
        digits / size,
        upper / size,
        symbols / size,
        wide / size,
        len(numbers),
        max((min(float(found.replace(",", "")), _LARGEST) for found in numbers), default=0.0),
        _options(text),
        text.count("?"),
        _latex(text),
        _code(text),
        len(_BLANK.findall(text)) if "__" in text else 0,
    ]


def _characters(text: str) -> tuple[int, int, int, int, int, int]:
    """Digits, capitals, symbols, characters beyond ASCII, those of words, and words."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    kinds = _table()[np.minimum(codes, _PLANE)]
    for place in np.flatnonzero(codes >= _PLANE) if not text.isascii() else ():
        kinds[place] = _kind(text[place])
    in_word = kinds >= _WORD
    words = int(np.count_nonzero(in_word[1:] > in_word[:-1])) + int(in_word[:1].sum())
    return (*(np.bincount(kinds, minlength=32) @ _KINDS).tolist(), words)


@cache
def _table() -> NDArray[np.uint8]:
    return np.array([*(_kind(chr(code)) for code in range(_PLANE)), 0], dtype=np.uint8)


def _kind(character: str) -> int:
    alphanumeric = character.isalnum()
    return (
        _DIGIT * character.isdigit()
        + _UPPER * character.isupper()
        + _SYMBOL * (not (alphanumeric or character.isspace()))
        + _WIDE * (ord(character) > 127)
        + _WORD * (alphanumeric or character == "_")
    )


def _options(text: str) -> int:
    """Letters of a choice, such as "(A) " or "B. ", where a word could begin."""
    count = 0
    for found in _OPTION.finditer(text):
        before = text[max(found.start() - 2, 0) : found.start()].removesuffix("(")
        count += not before or before[-1].isspace()
    return count


def _latex(text: str) -> int:
    commands = len(_COMMAND.findall(text)) if "\\" in text else 0
    return commands + text.count("$") + text.count("^") + text.count("_{")


def _code(text: str) -> int:
    marks = sum(map(text.count, ("{", "}", "[", "]", ";", "==", "->")))
    return marks + sum(len(one.findall(text)) for word, one in _KEYWORD.items() if word in text)
