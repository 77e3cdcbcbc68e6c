"""Lists given on the command line, separated by commas."""

from collections.abc import Callable
from typing import TypeVar

from pipeline.errors import ParamsError

__all__ = ["integers", "rates_of", "texts"]

T = TypeVar("T", int, float)


def texts(given: str) -> list[str]:
    """Split a list of names; empty for an empty text."""
    return [part.strip() for part in given.split(",") if part.strip()]


def integers(given: str) -> list[int]:
    """Split a list of whole numbers; raises ParamsError for anything else."""
    return [_parse(part, int, "a whole number") for part in texts(given)]


def rates_of(given: str) -> list[float]:
    """Split a list of rates above 0; raises ParamsError for anything else."""
    rates = [_parse(part, float, "a rate in requests/s") for part in texts(given)]
    for rate in rates:
        if not 0 < rate < float("inf"):
            raise ParamsError(f"rate {rate:g} is not accepted; a rate must be above 0")
    return rates


def _parse(part: str, kind: Callable[[str], T], what: str) -> T:
    try:
        return kind(part)
    except ValueError:
        raise ParamsError(f"{part!r} is not {what}") from None
