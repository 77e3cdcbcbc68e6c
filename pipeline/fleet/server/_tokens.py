"""A reversible tokenisation without a vocabulary, so that every count in the emulator is exact.

A text falls into words with the space before them, runs of punctuation and runs of white space;
each of these is cut into pieces of at most six bytes of UTF-8, never inside a character. A piece is
a token, and its id is the number that its bytes spell after a leading 1, below 2**49. English comes
to about four characters a token, as with the byte-pair tokenisers of the served models; the counts
are not those of any of them.
"""

import re
from collections.abc import Sequence
from itertools import pairwise

from pipeline.fleet import BLOCK_TOKENS

__all__ = ["decode", "divide", "encode", "prefix_hashes", "split"]

_PIECE_BYTES = 6
_PIECE = re.compile(r" ?\w+| ?[^\w\s]+|\s+")


def split(text: str) -> list[str]:
    """Cut a text into its tokens; joined again they are the text."""
    pieces: list[str] = []
    for part in _PIECE.findall(text):
        if len(part) <= _PIECE_BYTES and part.isascii():
            pieces.append(part)
        else:
            pieces += _cut(part)
    return pieces


def encode(text: str) -> list[int]:
    """Token ids of a text."""
    return [int.from_bytes(b"\x01" + _bytes(piece), "big") for piece in split(text)]


def decode(ids: Sequence[int]) -> str:
    """Text of token ids.

    Raises:
        ValueError: a number that is no token id.
    """
    return b"".join(map(_spelt, ids)).decode("utf-8", "surrogatepass")


def divide(text: str, tokens: int) -> list[str]:
    """Divide a text into so many tokens, which some other tokeniser counted.

    Where that is this tokeniser's count too they are its tokens, else shares of equal length; a
    share may be empty, as a token of a real server may be that ends no character.
    """
    pieces = split(text)
    if len(pieces) == tokens:
        return pieces
    bounds = [len(text) * i // tokens for i in range(tokens + 1)]
    return [text[start:end] for start, end in pairwise(bounds)]


def prefix_hashes(ids: Sequence[int]) -> tuple[int, ...]:
    """One number per full block of a prompt, which equal prefixes share and others do not."""
    hashes: list[int] = []
    parent = 0
    for start in range(0, len(ids) - BLOCK_TOKENS + 1, BLOCK_TOKENS):
        parent = hash((parent, *ids[start : start + BLOCK_TOKENS]))
        hashes.append(parent)
    return tuple(hashes)


def _bytes(text: str) -> bytes:
    # JSON can spell half a surrogate pair, and a prompt with one is still a prompt.
    return text.encode("utf-8", "surrogatepass")


def _cut(part: str) -> list[str]:
    pieces: list[str] = []
    start = size = 0
    for index, character in enumerate(part):
        width = len(_bytes(character))
        if size + width > _PIECE_BYTES:
            pieces.append(part[start:index])
            start, size = index, 0
        size += width
    return [*pieces, part[start:]]


def _spelt(token: int) -> bytes:
    spelt = token.to_bytes(8, "big").lstrip(b"\x00") if 0 <= token < 1 << 49 else b""
    if not spelt.startswith(b"\x01") or len(spelt) < 2:
        raise ValueError(f"{token} is not the id of a token")
    return spelt[1:]
