"""Which rules judge which task, and by which function."""

from collections.abc import Callable

from pipeline.errors import UnknownNameError
from pipeline.judging._declined import declined_when_it_should
from pipeline.judging._final_number import final_number
from pipeline.judging._format_match import format_match
from pipeline.judging._squad import answer_match, squad_em, squad_f1

__all__ = ["RULES", "RULES_VERSION", "metrics_for"]

# Part of every journal key: raise it when a rule changes, so that no old score is reused.
RULES_VERSION = "rules-2"

RULES: dict[str, Callable[[str, str], float]] = {
    "answer_match": answer_match,
    "declined_when_it_should": declined_when_it_should,
    "final_number": final_number,
    "format_match": format_match,
    "squad_em": squad_em,
    "squad_f1": squad_f1,
}
_METRICS: dict[str, tuple[str, ...]] = {
    "number": ("final_number",),
    "span": ("answer_match", "squad_f1", "squad_em"),
    "fact": ("answer_match",),
    "format": ("format_match",),
    "decline": ("declined_when_it_should",),
    "open": (),
    "recorded": (),
}


def metrics_for(task: str) -> tuple[str, ...]:
    """Names of the rules of a task; the first is its label. Empty where no rule can judge.

    Raises UnknownNameError for a task that nobody declared.
    """
    if task not in _METRICS:
        raise UnknownNameError("task", task, _METRICS)
    return _METRICS[task]
