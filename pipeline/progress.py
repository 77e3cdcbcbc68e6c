"""Progress of long jobs: a bar on a terminal, plain lines elsewhere."""

import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

__all__ = ["say", "track"]

T = TypeVar("T")

_SECONDS_BETWEEN_LINES = 10.0


def say(text: str) -> None:
    """Print one line of status to standard error."""
    print(text, file=sys.stderr, flush=True)


def track(items: Iterable[T], total: int, what: str) -> Iterator[T]:
    """Yield the items while showing how many of `total` are done."""
    if sys.stderr.isatty():
        yield from _bar(items, total, what)
    else:
        yield from _lines(items, total, what)


def _bar(items: Iterable[T], total: int, what: str) -> Iterator[T]:
    from rich.console import Console
    from rich.progress import track as rich_track

    yield from rich_track(
        items, description=what, total=total, console=Console(stderr=True), transient=True
    )


def _lines(items: Iterable[T], total: int, what: str) -> Iterator[T]:
    last = time.monotonic()
    for done, item in enumerate(items, start=1):
        yield item
        now = time.monotonic()
        if now - last >= _SECONDS_BETWEEN_LINES:
            say(f"{what}: {done} of {total}")
            last = now
