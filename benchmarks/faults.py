"""Faults, tried for real: what was done, and what became of every unit of work.

    python -m benchmarks.faults [--small] [--only NAME,NAME]

Instances behind a gateway are killed, stopped, slowed and broken in the middle of traffic.
Every call has exactly one row, no answer is given whole
twice, and what was ill serves again: the command ends with status 1 where one of these breaks.
"""

import argparse
import sys
from collections.abc import Callable
from functools import partial

from benchmarks._faults_outcome import Outcome, lines
from benchmarks._faults_wire import WIRE_FAULTS, overload, try_fault
from benchmarks._report import finish
from pipeline.progress import say

__all__ = ["tries"]

_SMALL = ("killed", "5xx", "overload")


def tries(small: bool) -> dict[str, Callable[[], Outcome]]:
    """Every fault by name."""
    seconds = 10.0 if small else 14.0
    found = {fault.name: partial(try_fault, fault, seconds) for fault in WIRE_FAULTS}
    return {**found, "overload": partial(overload, seconds)}


def main() -> None:
    """Print the table, and one JSON object last."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--small", action="store_true", help="some of them, and short")
    parser.add_argument("--only", default="", help="names, separated by commas")
    asked = parser.parse_args()
    found = tries(asked.small)
    names = [name for name in asked.only.split(",") if name]
    outcomes = []
    for name in names or (_SMALL if asked.small else list(found)):
        say(f"faults: {name}")
        outcomes.append(found[name]())
    for line in lines(outcomes):
        print(line)
    broken = sum(bool(one.problems) for one in outcomes)
    finish({"faults": [one.shown for one in outcomes], "broken": broken})
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
