"""People in plain sentences and the same people as JSON or CSV."""

import json
from dataclasses import dataclass

from pipeline.workload.generated._item import Pick, listed

__all__ = ["Output", "csv_lines", "json_list", "json_record"]

_NAMES = listed(
    "Aldo, Brenda, Cyrus, Dina, Elko, Fatou, Gino, Helga, Imran, Judit, Karim, Lotte, Milan, "
    "Nora, Otis, Priya, Ronan, Sofia, Tarik, Ursula, Vince, Wanda, Ximena, Yusuf, Zora, "
    "Bente, Carlo"
)
_TOWNS = listed(
    "Lisbon, Oslo, Cairo, Lima, Kyoto, Bergen, Quito, Dakar, Turin, Gdansk, Leeds, Perth, Hanoi"
)
_JOBS = listed(
    "baker, nurse, pilot, welder, florist, surveyor, librarian, plumber, translator, "
    "beekeeper, tailor, archivist, geologist, carpenter"
)
_GOODS = listed(
    "apples, bolts, candles, drums, envelopes, forks, gloves, hinges, inks, jars, kites, lamps"
)


@dataclass(frozen=True)
class Output:
    """An instruction, the exact output it asks for, and how many constraints it sets."""

    instruction: str
    reference: str
    constraints: int


@dataclass(frozen=True)
class _Person:
    values: dict[str, str | int]

    @property
    def sentence(self) -> str:
        """All that is known of the person, in one sentence."""
        return (
            "{name}, aged {age}, works as a {job} in {town}, owns {bicycles} bicycles and joined "
            "the club in {joined}."
        ).format(**self.values)


def _person(pick: Pick, name: str) -> _Person:
    return _Person(
        {
            "name": name,
            "age": pick.whole(19, 79),
            "job": pick.one(_JOBS),
            "town": pick.one(_TOWNS),
            "bicycles": pick.whole(2, 9),
            "joined": pick.whole(1985, 2024),
        }
    )


def json_record(pick: Pick) -> Output:
    """One person as a JSON object with the wanted keys and up to three twists."""
    person = _person(pick, pick.one(_NAMES))
    keys = pick.some(tuple(person.values), pick.whole(2, 6))
    record: dict[str, object] = {key: person.values[key] for key in keys}
    asked = [f"Write a JSON object with the keys {', '.join(keys)} in this order."]
    twists = (_capitals, _missing, _wrapped)
    # In this order always: what is said of the person's values must come before they are wrapped.
    for twist in sorted(pick.some(twists, pick.whole(0, len(twists))), key=twists.index):
        sentence, record = twist(record)
        asked.append(sentence)
    text = f"{person.sentence} {' '.join(asked)}"
    return Output(text, json.dumps(record), len(keys) // 2 + 2 * (len(asked) - 1))


def _capitals(record: dict[str, object]) -> tuple[str, dict[str, object]]:
    changed = {k: v.upper() if isinstance(v, str) else v for k, v in record.items()}
    return "Text values of the person are all in capitals.", changed


def _missing(record: dict[str, object]) -> tuple[str, dict[str, object]]:
    return "Then comes the key email, which is null when unknown.", {**record, "email": None}


def _wrapped(record: dict[str, object]) -> tuple[str, dict[str, object]]:
    return (
        "The object so far becomes the only value of an outer object, under the key member.",
        {"member": record},
    )


def json_list(pick: Pick) -> Output:
    """Goods above a least quantity as a JSON list, of names or of objects."""
    goods = pick.some(_GOODS, pick.whole(4, 9))
    # No two amounts are equal, so that an order by amount is the only one.
    amounts = dict(zip(goods, pick.some(range(1, 61), len(goods)), strict=True))
    least = sorted(amounts.values())[pick.whole(0, len(goods) - 2)]
    kept = {name: n for name, n in amounts.items() if n >= least}
    stock = ", ".join(f"{n} {name}" for name, n in amounts.items())
    text = f"The store room holds {stock}. Write a JSON list of everything of which there are "
    text += f"at least {least} pieces, "
    order, wanted = pick.one(
        (
            ("in the order given", list(kept.items())),
            ("sorted by name", sorted(kept.items())),
            ("from the most to the fewest", sorted(kept.items(), key=lambda item: -item[1])),
        )
    )
    if pick.unit() < 0.5:
        return Output(f"{text}{order}: only the names.", json.dumps([n for n, _ in wanted]), 2)
    objects = [{"item": name, "quantity": n} for name, n in wanted]
    text += f"{order}, as objects with the keys item and quantity."
    return Output(text, json.dumps(objects), 1 + len(objects) // 2)


def csv_lines(pick: Pick) -> Output:
    """Two to five people as CSV with chosen columns, separator and order."""
    people = [_person(pick, name) for name in pick.some(_NAMES, pick.whole(2, 5))]
    columns = pick.some(tuple(people[0].values), pick.whole(2, 5))
    separator, called = pick.one(((",", "a comma"), (";", "a semicolon"), ("|", "a vertical bar")))
    header = pick.unit() < 0.5
    ordered = people
    text = " ".join(person.sentence for person in people)
    text += f" Write one line per person with {', '.join(columns)}, separated by {called} "
    text += "without spaces, "
    if pick.unit() < 0.5:
        ordered = sorted(people, key=lambda person: str(person.values["name"]))
        text += "sorted by the person's name, "
    text += "after a header line with the column names." if header else "without a header line."
    lines = [separator.join(columns)] * header
    lines += [separator.join(str(p.values[column]) for column in columns) for p in ordered]
    return Output(text, "\n".join(lines), len(people) + len(columns) // 2 + (ordered is not people))
