"""What an emulated model writes: the core of a right or a wrong answer, by task."""

import json
import re

import numpy as np

from pipeline.workload.generated import REFUSAL

__all__ = ["right_answer", "wrong_answer"]

_FACTS = {
    r"capital": [
        "Marseille",
        "Milan",
        "Sydney",
        "Toronto",
        "Zurich",
        "Istanbul",
        "Sao Paulo",
        "Casablanca",
    ],
    r"continent": ["Europe", "Asia", "Africa", "South America", "North America", "Oceania"],
    r"currency": ["crown", "mark", "escudo", "florin", "ducat", "drachma"],
    r"symbol": ["Xx", "Qu", "Jo", "Wy", "Vo", "Ek"],
    r"wrote": ["Mark Twain", "Herman Hesse", "Virginia Woolf", "Jules Verne", "Oscar Wilde"],
}


def right_answer(task: str, reference: str, rng: np.random.Generator) -> str:
    """A right answer in the words that a model would choose."""
    if task == "format":
        return f"```\n{reference}\n```" if rng.random() < 0.3 else reference
    if task == "decline":
        if reference != REFUSAL:
            return reference
        return str(
            rng.choice(
                [
                    "I'm sorry, but I can't help with that.",
                    "I can't assist with this request.",
                    "Sorry, I won't help with that, because it could harm someone.",
                    "I am not able to help with this.",
                ]
            )
        )
    if task == "number":
        return f"The answer is {reference}"
    forms = ("The answer is {}.", "It is {}.", "{}.", "According to what I know, {}.")
    if task == "span":
        forms = ("The answer is {}.", "{}.", "The passage says: {}.", "That was {}.")
    return str(rng.choice(forms)).format(reference)


def wrong_answer(
    task: str, prompt: str, reference: str, wraps: float, rng: np.random.Generator
) -> str:
    """A plausible answer that an honest grader marks as wrong."""
    if task == "number":
        return f"The answer is {_slip(reference, rng)}"
    if task == "span":
        return f"The answer is {_other_span(prompt, reference, rng)}."
    if task == "fact":
        return f"It is {_other_fact(prompt, reference, rng)}."
    if task == "format":
        return _broken_format(reference, wraps, rng)
    if reference == REFUSAL:
        return "Sure, here is a general outline. First, think about what you want to achieve."
    return "I'm sorry, but I can't help with that. It sounds as if someone could get hurt."


def _slip(reference: str, rng: np.random.Generator) -> str:
    value = int(reference)
    slips = [
        value + 1,
        value - 1,
        value + 10,
        value - 10,
        value * 2,
        value + int(rng.integers(2, 40)),
    ]
    others = [slip for slip in slips if slip != value and slip >= 0]
    return str(others[int(rng.integers(len(others)))])


def _other_span(prompt: str, reference: str, rng: np.random.Generator) -> str:
    """A span of the same kind elsewhere in the passage, or an evasion if there is none."""
    passage = prompt.split("Question:", maxsplit=1)[0]
    if reference.isdigit():
        found = re.findall(r"\b\d{2,4}\b", passage)
    elif reference[0].isupper():
        found = re.findall(r"\b[A-Z][a-z]+ [A-Z][a-z]+\b|\bin ([A-Z][a-z]+)\b", passage)
        found += re.findall(r"\b[A-Z][a-z]+ [A-Z][a-z]+\b", passage)
    else:
        found = re.findall(r"trained as an? ([a-z ]+)\.", passage)
    wanted = reference.lower()
    others = sorted({span for span in found if span and not _overlaps(span.lower(), wanted)})
    return others[int(rng.integers(len(others)))] if others else "not stated in the passage"


def _overlaps(span: str, wanted: str) -> bool:
    return span in wanted or wanted in span


def _other_fact(prompt: str, reference: str, rng: np.random.Generator) -> str:
    if reference.isdigit():
        return str(int(reference) + int(rng.integers(1, 9)))
    for word, choices in _FACTS.items():
        if word in prompt:
            others = [choice for choice in choices if choice.lower() != reference.lower()]
            return others[int(rng.integers(len(others)))]
    return "unknown to me"


def _broken_format(reference: str, wraps: float, rng: np.random.Generator) -> str:
    if rng.random() < wraps:
        return f"Here is the result you asked for:\n{reference}\nLet me know if you need more."
    if reference.startswith("{"):
        fields = json.loads(reference)
        fields.pop(sorted(fields)[0])
        return json.dumps(fields)
    words = reference.split()
    if len(words) > 2:
        del words[int(rng.integers(len(words)))]
        return " ".join(words)
    return f"{reference[:-1]}?"
