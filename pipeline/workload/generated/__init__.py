"""The embedded prompts: five families of problems made here, with known answers and difficulty."""

from collections.abc import Callable

import numpy as np
import polars as pl

from pipeline.errors import DataError
from pipeline.rows import PROMPTS
from pipeline.streams import stream
from pipeline.workload.generated._arithmetic import arithmetic
from pipeline.workload.generated._chat import chat
from pipeline.workload.generated._decline import REFUSAL, decline
from pipeline.workload.generated._format import format_following
from pipeline.workload.generated._passage import passage
from pipeline.workload.generated._problem import Problem

__all__ = ["FAMILIES", "REFUSAL", "generate"]

Make = Callable[[np.random.Generator, int], list[Problem]]

# Family -> the task that its answers are judged by, and how it is made.
FAMILIES: dict[str, tuple[str, Make]] = {
    "arithmetic": ("number", arithmetic),
    "passage": ("span", passage),
    "chat": ("fact", chat),
    "format": ("format", format_following),
    "decline": ("decline", decline),
}


def generate(per_family: int, seed: int) -> pl.DataFrame:
    """Return PROMPTS rows: exactly `per_family` distinct prompts of each family.

    Prompt i of a family depends on (seed, family, i) alone, so a larger set extends a smaller one.

    Raises:
        DataError: `per_family` is below 1, or more than a family can make without repeating itself.
    """
    if per_family < 1:
        raise DataError(f"prompts.per_family is {per_family}; at least 1 is accepted")
    rows: list[dict[str, object]] = []
    for family, (task, make) in FAMILIES.items():
        for number, problem in enumerate(_distinct(family, make, per_family, seed)):
            rows.append(
                {
                    "prompt_id": f"{family}-{number:05d}",
                    "dataset": family,
                    "task": task,
                    "group_id": f"{family}: {problem.group}",
                    "prompt_text": problem.text,
                    "reference_text": problem.reference,
                    "category": problem.category,
                    "difficulty": problem.difficulty,
                    "source": "generated",
                    "licence": "Apache-2.0",
                }
            )
    return PROMPTS.frame(rows)


def _distinct(family: str, make: Make, count: int, seed: int) -> list[Problem]:
    seen: set[str] = set()
    problems: list[Problem] = []
    number = 0
    while len(problems) < count:
        if number > 3 * count + 100:
            raise DataError(
                f"prompts.per_family is {count}, but family {family} makes only "
                f"{len(problems)} different prompts; ask for fewer"
            )
        for problem in make(stream(seed, "generated", family, number), number):
            if problem.text not in seen and len(problems) < count:
                seen.add(problem.text)
                problems.append(problem)
        number += 1
    return problems
