"""Faults, tried for real: what was done, and what became of every unit of work.

    python -m benchmarks.faults [--small] [--only GROUP,GROUP]

Instances behind a gateway are killed, stopped, slowed and broken in the middle of traffic; the
gateway gets ten times what can be served; a judge talks nonsense; disks are full; every stage of a
small project is killed twice and run again. Every unit of work has exactly one row, nothing is paid
for twice as the servers count it, and what was ill serves again: the command ends with status 1
where one of these breaks. Servers are emulated.
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from functools import partial

from benchmarks._faults_cell import kill_in_cell
from benchmarks._faults_disk import full_disks
from benchmarks._faults_judge import judge_nonsense
from benchmarks._faults_outcome import Outcome, lines
from benchmarks._faults_project import open_project
from benchmarks._faults_secrets import look_for_keys
from benchmarks._faults_stages import STAGES, kill_stages
from benchmarks._faults_wire import WIRE_FAULTS, overload, try_fault
from benchmarks._report import finish
from pipeline.errors import UnknownNameError
from pipeline.progress import say
from pipeline.stage import exit_on_error

__all__ = ["groups"]

_FEW, _ENOUGH = 12, 32  # prompts of a family; to train on them takes enough

Group = Callable[[], Iterator[Outcome]]


def groups(small: bool) -> dict[str, Group]:
    """What is tried, by name."""
    seconds = 11.0 if small else 15.0
    faults = [one for one in WIRE_FAULTS if not small or one.name in ("killed", "5xx")]
    stages = STAGES[: STAGES.index("judge") + 1] if small else STAGES
    per_family = _FEW if small else _ENOUGH
    return {
        "instances": lambda: (try_fault(fault, seconds) for fault in faults),
        "overload": lambda: iter([overload(seconds)]),
        "judge": lambda: iter([judge_nonsense(45)]),
        "disk": partial(_disks, _FEW),
        "stages": partial(_stages, stages, per_family),
    }


def _disks(per_family: int) -> Iterator[Outcome]:
    with open_project(per_family) as project:
        project.run("prompts")
        yield from full_disks(project)


def _stages(stages: tuple[str, ...], per_family: int) -> Iterator[Outcome]:
    with open_project(per_family) as project:
        yield from kill_stages(project, stages)
        if "loadtest" in stages:
            yield kill_in_cell(project)
        yield look_for_keys(project, stages)


def _tried(known: dict[str, Group], asked: list[str]) -> Iterator[Outcome]:
    for name in asked:
        if name not in known:
            raise UnknownNameError("group", name, list(known), "--only")
    for name in asked or known:
        for outcome in known[name]():
            say(f"faults: {outcome.fault}: {'BROKEN' if outcome.problems else 'holds'}")
            yield outcome


def main() -> None:
    """Print the table, and one JSON object last."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--small", action="store_true", help="some of them, and short")
    parser.add_argument("--only", default="", help="groups, separated by commas")
    asked = parser.parse_args()
    names = [name for name in asked.only.split(",") if name]
    outcomes: list[Outcome] = []
    exit_on_error(lambda: outcomes.extend(_tried(groups(asked.small), names)))
    for line in lines(outcomes):
        print(line)
    broken = sum(bool(one.problems) for one in outcomes)
    finish({"faults": [one.shown for one in outcomes], "broken": broken})
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
