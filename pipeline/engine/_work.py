"""What a job is: a function of one argument, made once in every process that works."""

from collections.abc import Callable, Iterable
from typing import TypeAlias, TypeVar

__all__ = ["Setup", "Work"]

T = TypeVar("T")
R = TypeVar("R")

Work: TypeAlias = Callable[[T], Iterable[R]]
Setup: TypeAlias = Callable[[], Work[T, R]]
