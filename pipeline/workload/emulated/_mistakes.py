"""Plausible wrong answers: a slipped number, another span, a similar fact, a broken output."""

import json
import re
from collections.abc import Callable

from pipeline.workload.emulated._prose import holds, passage_of
from pipeline.workload.generated import Pick, facts

__all__ = ["broken_output", "early_number", "other_span", "similar_fact", "slipped_number"]

_INSIDE = "(?<=[a-z,] )"  # not at the start of a sentence, where any word has a capital

# Shapes of spans, the most particular first: prices, days, years, other numbers, names.
_SHAPES = (
    r"\$\d[\d,]*",
    r"\b\d{1,2} [A-Z][a-z]+",
    r"\b\d{4}\b",
    r"\b\d+\b",
    _INSIDE + r"[A-Z]\w+(?: [A-Z]\w+)*",
)
_NO_SPAN = "the other one"
_NO_FACT = "something else"


def slipped_number(pick: Pick, reference: str) -> str:
    """Return a number near the reference: off by a little, by ten, or with a doubled part."""
    value = _number(reference)
    slips = [value + 1, value - 1, value + 10, value - 2, value + value // 2 + 3]
    return str(pick.one([slip for slip in slips if slip >= 0 and slip != value]))


def early_number(pick: Pick, text: str, reference: str) -> str:
    """Return a number of the question, as if the last steps had been left out."""
    value = _number(reference)
    found = [int(number) for number in re.findall(r"\d+", text)]
    others = [number for number in found if number != value]
    return str(pick.one(others)) if others else slipped_number(pick, reference)


def other_span(pick: Pick, text: str, reference: str) -> str:
    """Return another span of the text that shares no word with the reference.

    It has the shape of the reference (a price, a date, a name of as many words) where one is found.
    """
    passage = passage_of(text)
    shapes = [s for s in _SHAPES if re.fullmatch(s.removeprefix(_INSIDE), reference)]
    alike: list[str] = [span for shape in shapes[:1] for span in re.findall(shape, passage)]
    same_length = [span for span in alike if len(span.split()) == len(reference.split())]
    anything: list[str] = [span for shape in _SHAPES for span in re.findall(shape, passage)]
    for spans in (same_length, alike, anything):
        others = [span for span in spans if not _shares_a_word(span, reference)]
        if others:
            return pick.one(others)
    return _NO_SPAN


def similar_fact(pick: Pick, text: str, reference: str) -> str:
    """Return the answer to another question of the same kind as this one."""
    same = [fact for fact in facts() if fact.answer == reference]
    about = [fact for fact in same if fact.subject.lower() in text.lower()]
    kinds = {fact.relation for fact in about or same}
    answers = sorted({fact.answer for fact in facts() if fact.relation in kinds})
    known = reference.lower()
    others = [a for a in answers if known not in a.lower() and a.lower() not in known]
    return pick.one(others) if others else _NO_FACT


def broken_output(pick: Pick, reference: str, habit: str) -> str:
    """Return an output that differs from the reference and does not hold it.

    Args:
        pick: draws.
        reference: the exact output.
        habit: drop leaves the last part out, quotes writes JSON as Python would; what these cannot
            break, and the habit prose, gets one character changed.
    """
    breaks: dict[str, Callable[[str], str]] = {"drop": _without_last, "quotes": _python_quotes}
    broken = breaks.get(habit, str)(reference)
    return broken if broken and reference not in broken else _changed(pick, reference)


def _without_last(output: str) -> str:
    try:
        value = json.loads(output)
    except ValueError:
        return re.sub(r"(?s)^(.*)(\n|, |[-/ ,]).+$", r"\1", output)
    if isinstance(value, dict):
        return json.dumps(dict(list(value.items())[:-1]))
    return json.dumps(value[:-1]) if isinstance(value, list) else output


def _python_quotes(output: str) -> str:
    return output.replace('"', "'").replace("null", "None")


def _changed(pick: Pick, output: str) -> str:
    """Change one digit, else one letter, else add a mark in front of the last character."""
    for kind in (r"\d", r"[^\W\d]"):
        places = [match.start() for match in re.finditer(kind, output)]
        if places:
            at = pick.one(places)
            return output[:at] + _next_character(output[at]) + output[at + 1 :]
    return f"{output[:-1]}?{output[-1]}"


def _next_character(character: str) -> str:
    if character.isdigit():
        return "1" if character == "9" else str(int(character) + 1)
    return "x" if character != "x" else "y"


def _shares_a_word(span: str, reference: str) -> bool:
    return any(holds(reference, word) for word in span.split())


def _number(text: str) -> int:
    found = re.findall(r"-?\d+", text)
    return int(found[-1]) if found else 0
