"""Instructions whose output is exact: JSON, lists, CSV, rewritten words, small expressions."""

import json
from collections.abc import Callable

import numpy as np

from pipeline.workload.generated._problem import Problem

__all__ = ["format_following"]

_WORDS = [
    "anchor",
    "basil",
    "candle",
    "dolphin",
    "ember",
    "falcon",
    "garnet",
    "harvest",
    "indigo",
    "jasmine",
    "kettle",
    "lantern",
    "meadow",
    "nectar",
    "orchid",
    "pebble",
    "quartz",
    "ribbon",
    "saffron",
    "thistle",
    "umbrella",
    "velvet",
    "willow",
    "yarrow",
    "zephyr",
    "amber",
    "beacon",
    "cobalt",
    "drift",
    "echo",
    "fable",
    "glacier",
    "hazel",
    "island",
    "jigsaw",
    "kernel",
    "lemon",
    "marble",
    "needle",
    "olive",
]
_NAMES = [
    "Ana",
    "Boris",
    "Celia",
    "Dario",
    "Emma",
    "Felix",
    "Gita",
    "Hugo",
    "Iris",
    "Jan",
    "Katya",
    "Luis",
    "Mina",
    "Noor",
    "Otto",
]
_CITIES = [
    "Lisbon",
    "Oslo",
    "Quito",
    "Nairobi",
    "Hanoi",
    "Lima",
    "Riga",
    "Perth",
    "Turin",
    "Accra",
    "Bergen",
    "Cusco",
]

Made = tuple[str, str, float]


def _words(rng: np.random.Generator, count: int) -> list[str]:
    return [str(word) for word in rng.choice(_WORDS, count, replace=False)]


def _json_object(rng: np.random.Generator) -> Made:
    name, city = str(rng.choice(_NAMES)), str(rng.choice(_CITIES))
    fields: dict[str, object] = {"name": name, "age": int(rng.integers(18, 90)), "city": city}
    sentence = f"{name} is {fields['age']} years old and lives in {city}"
    if rng.random() < 0.6:
        fields["pets"] = _words(rng, int(rng.integers(1, 4)))
        sentence += f"; the pets are called {', '.join(map(str, fields['pets']))}"  # type: ignore[call-overload]
    if rng.random() < 0.4:
        fields["member"] = bool(rng.random() < 0.5)
        sentence += " and is a member" if fields["member"] else " and is not a member"
    text = (
        f"Turn this sentence into a JSON object with the keys {', '.join(fields)}, "
        f"and output nothing but the JSON: {sentence}."
    )
    return text, json.dumps(fields), 0.15 + 0.17 * (len(fields) - 3)


def _sorted_list(rng: np.random.Generator) -> Made:
    words = _words(rng, int(rng.integers(4, 12)))
    backwards = bool(rng.random() < 0.5)
    order = "reverse alphabetical" if backwards else "alphabetical"
    text = f"Sort these words in {order} order, separated by commas and spaces: {' '.join(words)}"
    answer = ", ".join(sorted(words, reverse=backwards))
    return text + ". Output only the list.", answer, 0.06 * len(words) + 0.15 * backwards


def _csv(rng: np.random.Generator) -> Made:
    count = int(rng.integers(2, 6))
    people = [str(name) for name in rng.choice(_NAMES, count, replace=False)]
    ages = [int(age) for age in rng.integers(18, 90, count)]
    told = "; ".join(f"{name} is {age}" for name, age in zip(people, ages, strict=True))
    lines = ["name,age", *(f"{n},{a}" for n, a in sorted(zip(people, ages, strict=True)))]
    text = (
        "Write a CSV with the header name,age and one line per person, sorted by name, "
        f"and nothing else: {told}."
    )
    return text, "\n".join(lines), 0.2 + 0.12 * count


def _rewrite(rng: np.random.Generator) -> Made:
    words = _words(rng, int(rng.integers(2, 7)))
    upper, reverse = bool(rng.random() < 0.5), bool(rng.random() < 0.5)
    orders = ["Reverse the order of the words"]
    answer = words[::-1]
    if reverse:
        orders.append("spell each word backwards")
        answer = [word[::-1] for word in answer]
    if upper:
        orders.append("write it in capitals")
        answer = [word.upper() for word in answer]
    text = f"{', '.join(orders)}, and output only the result: {' '.join(words)}"
    return text, " ".join(answer), 0.05 * len(words) + 0.35 * reverse + 0.1 * upper


def _expression(rng: np.random.Generator) -> Made:
    numbers = [int(n) for n in rng.integers(1, 30, int(rng.integers(3, 8)))]
    forms: list[tuple[str, object, float]] = [
        (f"sum({numbers})", sum(numbers), 0.1),
        (f"sorted({numbers})[:3]", sorted(numbers)[:3], 0.25),
        (f"[n for n in {numbers} if n % 2 == 0]", [n for n in numbers if n % 2 == 0], 0.3),
        (f"sum(n * n for n in {numbers})", sum(n * n for n in numbers), 0.5),
        (f"max({numbers}) - min({numbers})", max(numbers) - min(numbers), 0.15),
        (f"{numbers}[::-1][1:]", numbers[::-1][1:], 0.3),
    ]
    code, value, base = forms[int(rng.integers(len(forms)))]
    text = f"What does this Python expression evaluate to? Output only the value: {code}"
    return text, str(value), base + 0.05 * len(numbers)


_KINDS: tuple[Callable[[np.random.Generator], Made], ...] = (
    _json_object,
    _sorted_list,
    _csv,
    _rewrite,
    _expression,
)


def format_following(rng: np.random.Generator, number: int) -> list[Problem]:
    """One instruction. Difficulty grows with the constraints and the length of the output."""
    make = _KINDS[number % len(_KINDS)]
    text, answer, difficulty = make(rng)
    kind = make.__name__.strip("_")
    return [Problem(text, answer, float(min(1.0, difficulty)), f"{kind} {number}", kind)]
