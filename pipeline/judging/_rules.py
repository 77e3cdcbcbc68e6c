"""Rule metrics by name, and which of them judge which task."""

from collections.abc import Callable

from pipeline.errors import UnknownNameError
from pipeline.judging._format import format_match
from pipeline.judging._number import final_number
from pipeline.judging._refusal import declined_when_it_should
from pipeline.judging._squad import answer_match, squad_em, squad_f1

__all__ = ["RULES", "TASK_METRIC", "metrics_for", "source_of"]

RULES: dict[str, Callable[[str, str], float]] = {
    "final_number": final_number,
    "answer_match": answer_match,
    "squad_f1": squad_f1,
    "squad_em": squad_em,
    "format_match": format_match,
    "declined_when_it_should": declined_when_it_should,
}

# One quality source for all tasks: did the answer do what the task asked, 0 to 1, by its own rule.
TASK_METRIC = "task_metric"

_BY_TASK: dict[str, tuple[str, ...]] = {
    "number": ("final_number",),
    "span": ("answer_match", "squad_f1", "squad_em"),
    "fact": ("answer_match",),
    "format": ("format_match",),
    "decline": ("declined_when_it_should",),
    "recorded": (),
}


def metrics_for(task: str) -> tuple[str, ...]:
    """Names of the rules for a task; the first is its label."""
    if task not in _BY_TASK:
        raise UnknownNameError("task", task, _BY_TASK)
    return _BY_TASK[task]


def source_of(task: str, metric: str) -> str:
    """Quality source of a rule: the task's label, or a second opinion that keeps its own name."""
    return TASK_METRIC if metrics_for(task)[0] == metric else f"{TASK_METRIC}:{metric}"
