"""Small Python expressions and functions with their values, built side by side."""

from collections.abc import Callable
from dataclasses import dataclass

from pipeline.workload.generated._item import Pick
from pipeline.workload.generated._transforms import NOUNS

__all__ = ["Code", "expression", "function_call"]


@dataclass(frozen=True)
class Code:
    """Python source, the value that it gives, and how many operations that takes."""

    source: str
    value: object
    operations: int


def expression(pick: Pick) -> Code:
    """Make an expression of 2 to 7 operations on small numbers, lists and words."""
    operations = pick.whole(2, 7)
    source, value = _atom(pick)
    for _ in range(operations - 1):
        source, value = _joined(pick, source, value, *_atom(pick))
    return _wrapped(pick, Code(source, value, operations))


def _atom(pick: Pick) -> tuple[str, int]:
    word, numbers = pick.one(NOUNS), [pick.whole(1, 20) for _ in range(pick.whole(3, 5))]
    a, b, shown = pick.whole(2, 12), pick.whole(2, 9), tuple(numbers)
    return pick.one(
        [
            (str(a), a),
            (f"len({word!r})", len(word)),
            (f"{word!r}.count({word[1]!r})", word.count(word[1])),
            (f"sum({numbers})", sum(numbers)),
            (f"max({shown})", max(numbers)),
            (f"sorted({numbers})[1]", sorted(numbers)[1]),
            (f"{10 * a + b} % {b}", (10 * a + b) % b),
            (f"sum(range({b}))", sum(range(b))),
        ]
    )


def _joined(pick: Pick, left: str, a: int, right: str, b: int) -> tuple[str, int]:
    return pick.one(
        [
            (f"({left}) + ({right})", a + b),
            (f"({left}) - ({right})", a - b),
            (f"({left}) * 2 + ({right})", a * 2 + b),
            (f"max({left}, {right})", max(a, b)),
            (f"abs(({left}) - 3 * ({right}))", abs(a - 3 * b)),
        ]
    )


def _wrapped(pick: Pick, code: Code) -> Code:
    source, value = code.source, code.value
    assert isinstance(value, int)
    n = pick.whole(2, 4)
    return pick.one(
        [
            code,
            code,
            Code(f"[{source}] * {n}", [value] * n, code.operations + 1),
            Code(f"divmod({source}, {n + 4})", divmod(value, n + 4), code.operations + 1),
            Code(f"str({source})[::-1]", str(value)[::-1], code.operations + 1),
        ]
    )


_Body = tuple[str, Callable[[list[int], int, int], object]]
_BODIES: tuple[_Body, ...] = (
    (
        "{y} = {a}\n    for x in {xs}:\n        if x % {b} == 0:\n            {y} += x\n"
        "    return {y}",
        lambda xs, a, b: a + sum(x for x in xs if x % b == 0),
    ),
    (
        "{y} = [x + {a} for x in {xs} if x > {b}]\n    return {y}",
        lambda xs, a, b: [x + a for x in xs if x > b],
    ),
    (
        "{y} = sorted({xs}, reverse=True)\n    return {y}[0] * {a} - {y}[-1] * {b}",
        lambda xs, a, b: max(xs) * a - min(xs) * b,
    ),
    (
        "return [x for {y}, x in enumerate({xs}) if ({y} + {a}) % {b} == 0]",
        lambda xs, a, b: [x for i, x in enumerate(xs) if (i + a) % b == 0],
    ),
    (
        "{y} = 0\n    while sum({xs}) > {a}:\n        {xs} = [x // {b} for x in {xs}]\n"
        "        {y} += 1\n    return {y}, {xs}",
        lambda xs, a, b: _shrink(xs, a, b),
    ),
    (
        "{y} = '-'.join(str(x * {a}) for x in {xs} if x != {b})\n    return {y}",
        lambda xs, a, b: "-".join(str(x * a) for x in xs if x != b),
    ),
    (
        "return {{'{y}': sum({xs}) % {a}, 'rest': len({xs}) // {b}}}['{y}']",
        lambda xs, a, b: sum(xs) % a,
    ),
    (
        "{y} = {xs}[{b} :] + {xs}[: {b}]\n    return [x * {a} for x in {y}]",
        lambda xs, a, b: [x * a for x in xs[b:] + xs[:b]],
    ),
)


def function_call(pick: Pick) -> Code:
    """Make a function of a list of 3 to 9 numbers, and a call of it on the last line.

    Its names are drawn too, so that two functions of one body are not the same text renumbered.
    """
    body, run = pick.one(_BODIES)
    numbers = [pick.whole(1, 30) for _ in range(pick.whole(3, 9))]
    a, b = pick.whole(2, 9), pick.whole(2, 5)
    name, xs, y = pick.some(NOUNS, 3)
    source = f"def {name}({xs}):\n    {body.format(a=a, b=b, xs=xs, y=y)}\n\n{name}({numbers})"
    return Code(source, run(numbers, a, b), len(numbers))


def _shrink(xs: list[int], most: int, divisor: int) -> tuple[int, list[int]]:
    steps = 0
    while sum(xs) > most:
        xs = [x // divisor for x in xs]
        steps += 1
    return steps, xs
