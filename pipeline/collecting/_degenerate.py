"""Replies that are hardly answers: kept and flagged, never dropped."""

import zlib

__all__ = ["degeneracies"]

# The published collection drops a prompt when one reply to it has fewer tokens, reaches its bound
# of output tokens, or shrinks below this share of its bytes when compressed: it repeats itself.
_FEWEST_TOKENS = 3
_LEAST_ZLIB_RATIO = 0.2


def degeneracies(text: str, output_tokens: int, finish_reason: str | None) -> str | None:
    """Name what is wrong with a reply, comma separated; None where nothing is.

    empty: no text but blanks. short: fewer than 3 tokens. cut: it reached its bound of tokens.
    repetitive: the text shrinks to less than a fifth.
    """
    data = text.encode()
    found = {
        "empty": not text.strip(),
        "short": output_tokens < _FEWEST_TOKENS,
        "cut": finish_reason == "length",
        "repetitive": bool(data) and len(zlib.compress(data)) < _LEAST_ZLIB_RATIO * len(data),
    }
    return ",".join(name for name, is_so in found.items() if is_so) or None
