"""Family `format`: instructions that ask for one exact output, harder with every constraint.

A prompt asks either for the bare output or for a fenced code block at the end of the answer.
"""

from collections.abc import Callable, Iterator

from pipeline.workload.generated._item import Item, Pick
from pipeline.workload.generated._python import expression, function_call
from pipeline.workload.generated._records import Output, csv_lines, json_list, json_record
from pipeline.workload.generated._transforms import NOUNS, rules

__all__ = ["formatting"]

_BARE = (
    "Reply with the output only.",
    "Print nothing but the result.",
    "No explanation, just the output.",
)
_FENCED = (
    "You may explain first; end with the output alone in a fenced code block.",
    "Think it through in words, then put the output in a code block at the end.",
    "Show your work briefly. The last thing must be a code block with the output.",
)
_MOST_CONSTRAINTS = 9  # difficulty 1


def formatting(pick: Pick, _count: int) -> Iterator[Item]:
    """Yield instructions without end; about a third ask for the bare output."""
    while True:
        kind = pick.one(tuple(_KINDS))
        output = _KINDS[kind](pick)
        if not output.reference:
            continue  # rules that leave no word
        bare = pick.unit() < 1 / 3
        ask = pick.one(_BARE if bare else _FENCED)
        constraints = output.constraints + bare
        yield Item(
            text=f"{output.instruction}\n{ask}",
            reference=output.reference,
            category=kind,
            difficulty=(constraints - 1) / (_MOST_CONSTRAINTS - 1),
        )


def _word_rules(pick: Pick) -> Output:
    words = pick.some(NOUNS, pick.whole(4, 9))
    chain = rules(pick, pick.whole(1, 5))
    shown = ", ".join(words)
    for rule in chain:
        words = rule.does(words)
    separator, called = pick.one(
        ((", ", "a comma and a space"), ("-", "hyphens"), (" ", "single spaces"), ("/", "slashes"))
    )
    steps = "; then ".join(rule.says for rule in chain)
    text = f"Take these words: {shown}. {steps[0].upper()}{steps[1:]}. "
    text += f"Join the result with {called} on one line."
    return Output(text, separator.join(words), 1 + len(chain) + len(words) // 3)


def _expression(pick: Pick) -> Output:
    code = expression(pick)
    text = f"What does Python print for this expression, as repr? `{code.source}`"
    return Output(text, repr(code.value), code.operations + 1)


def _function(pick: Pick) -> Output:
    code = function_call(pick)
    text = f"What is the value of the last line, as Python's repr?\n\n```python\n{code.source}\n```"
    return Output(text, repr(code.value), code.operations)


_KINDS: dict[str, Callable[[Pick], Output]] = {
    "json object": json_record,
    "json list": json_list,
    "csv lines": csv_lines,
    "word rules": _word_rules,
    "python expression": _expression,
    "python call": _function,
}
