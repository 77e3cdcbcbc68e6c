"""What one fault did, and whether anything that must hold broke."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

__all__ = ["Outcome", "lines"]


@dataclass(frozen=True)
class Outcome:
    """One row of the table; None where a fault has no such number.

    Attributes:
        fault, done: its name, and what was done.
        scheduled, rows: units of work that were to be done, and rows about them.
        ok, failed, refused: how they ended.
        retried: attempts beyond the first.
        paid_twice: whole answers beyond one per unit, as the servers counted them.
        recovered_s: from the end of the fault to the first unit that was served where it had been.
        broken: what must hold and did not, in words.
        notes: what else was seen.
    """

    fault: str
    done: str
    scheduled: int
    rows: int
    ok: int
    failed: int = 0
    refused: int | None = None
    retried: int | None = None
    paid_twice: int | None = None
    recovered_s: float | None = None
    broken: list[str] = field(default_factory=list)
    notes: str = ""

    @property
    def problems(self) -> list[str]:
        """What broke, with what must hold of every fault."""
        found = list(self.broken)
        if self.rows != self.scheduled:
            found.append(f"{self.scheduled} scheduled, but {self.rows} rows")
        if self.ok + self.failed + (self.refused or 0) != self.rows:
            found.append("the rows do not add up")
        if self.paid_twice:
            found.append(f"{self.paid_twice} answers were paid for twice")
        return found

    @property
    def shown(self) -> dict[str, Any]:
        """As JSON."""
        told = asdict(self) | {"broken": self.problems}
        return {key: value for key, value in told.items() if value not in (None, "", [])}


_HEADS = (
    f"{'fault':22} {'scheduled':>9} {'rows':>5} {'ok':>5} {'failed':>6} {'refused':>7} "
    f"{'retried':>7} {'twice':>5} {'back s':>6}"
)


def lines(outcomes: list[Outcome]) -> Iterator[str]:
    """Yield the table for the shell."""
    yield _HEADS
    for one in outcomes:
        back = "-" if one.recovered_s is None else f"{one.recovered_s:.1f}"
        yield (
            f"{one.fault:22} {one.scheduled:9d} {one.rows:5d} {one.ok:5d} {one.failed:6d} "
            f"{_count(one.refused):>7} {_count(one.retried):>7} {_count(one.paid_twice):>5} "
            f"{back:>6}"
        )
        yield f"    {one.done}{'; ' + one.notes if one.notes else ''}"
        for problem in one.problems:
            yield f"    BROKEN: {problem}"


def _count(value: int | None) -> str:
    return "-" if value is None else str(value)
