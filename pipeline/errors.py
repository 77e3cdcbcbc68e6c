"""Every error that a user can cause, as one tree.

    RouteBalanceError
    ├── ParamsError         params.yaml or a command-line override is wrong
    ├── SchemaError         a file's columns, types or values break its declared schema
    ├── DataError           the rows are well formed, but what they say cannot be used
    ├── UnknownNameError    a name that is not among the declared ones (model, arm, dataset)
    ├── ModelError          a stored predictor is missing, damaged or of another feature schema
    ├── EndpointError       a server could not be reached or answered out of contract
    ├── CapError            a run stopped at its cap on spending
    ├── WorkerError         a process that worked for this one was lost
    └── DiskError           there is no room for a file or a row

The message of each is one sentence that says what was wrong, where, and what is accepted. Commands
and stages print it and exit with status 2; anything else is a defect and keeps its traceback.
"""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Self

__all__ = [
    "CapError",
    "DataError",
    "DiskError",
    "EndpointError",
    "ModelError",
    "ParamsError",
    "RouteBalanceError",
    "SchemaError",
    "UnknownNameError",
    "WorkerError",
    "nearest",
]


class RouteBalanceError(Exception):
    """Base of all errors whose cause is outside the program."""


class ParamsError(RouteBalanceError):
    """A parameter is unknown, of the wrong type or out of range."""


class SchemaError(RouteBalanceError):
    """A file breaks the schema declared for its rows."""


class DataError(RouteBalanceError):
    """Well-formed rows that cannot be used, such as a prompt that no model answered."""


class ModelError(RouteBalanceError):
    """A stored predictor cannot be used as it is."""


class EndpointError(RouteBalanceError):
    """A server could not be reached, or its answer was out of contract."""


class CapError(RouteBalanceError):
    """A run stopped at its cap on spending; what had been paid for is kept."""


class WorkerError(RouteBalanceError):
    """A process or a machine that worked for this one was lost; what had finished is kept."""


class DiskError(RouteBalanceError):
    """There is no room for a file or a row; what was written before is as it was."""


class UnknownNameError(RouteBalanceError):
    """A name that nobody declared.

    Args:
        kind: what was looked up, for example ``"model"``.
        name: what was asked for.
        known: every accepted name.
        where: the place that asked, for example ``"loadtest.arms"``.
    """

    def __init__(self, kind: str, name: str, known: Iterable[str], where: str = "") -> None:
        self.kind, self.name, self.known, self.where = kind, name, tuple(sorted(known)), where
        place = f" in {where}" if where else ""
        super().__init__(f"unknown {kind} {name!r}{place}; {nearest(name, self.known)}")

    def __reduce__(self) -> tuple[type[Self], tuple[str, str, tuple[str, ...], str]]:
        """Let it come back whole from the process that raised it."""
        return type(self), (self.kind, self.name, self.known, self.where)


def nearest(name: str, known: Iterable[str]) -> str:
    """Say which accepted name is closest to `name`, and list them when they are few."""
    names = sorted(known)
    if not names:
        return "nothing is accepted here"
    close = get_close_matches(name, names, n=1, cutoff=0.5)
    listing = f"accepted: {', '.join(names)}" if len(names) <= 20 else f"{len(names)} are accepted"
    return f"did you mean {close[0]!r}? {listing}" if close else listing
