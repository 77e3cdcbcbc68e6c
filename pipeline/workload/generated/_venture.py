"""Invented ventures (an orchard, an observatory, ...) and the facts a passage can tell of them."""

from dataclasses import dataclass

from pipeline.workload.generated._item import Pick, listed

__all__ = ["ASIDES", "FIELDS", "Field", "Venture", "ventures"]


@dataclass(frozen=True)
class Field:
    """One fact of a venture.

    Attributes:
        told: sentences that state it, with {name} and {value}.
        asked: questions whose answer it is, with {it} for the venture.
        described: how the venture is called by this fact, with {kind} and {value}.
    """

    told: tuple[str, ...]
    asked: tuple[str, ...]
    described: str


FIELDS: dict[str, Field] = {
    "founder": Field(
        (
            "{name} was founded by {value}.",
            "The founder of {name} was {value}, whose family had farmed nearby.",
            "It was {value} who set up {name} after years abroad.",
        ),
        ("Who founded {it}?", "Which person set up {it}?", "Who was the founder of {it}?"),
        "the {kind} that {value} founded",
    ),
    "town": Field(
        (
            "{name} stands at the edge of {value}.",
            "Visitors reach {name} on foot from the station of {value}, its home town.",
            "The town of {value} has always been home to {name}.",
        ),
        ("In which town is {it}?", "Which town is home to {it}?", "Where can {it} be found?"),
        "the {kind} in {value}",
    ),
    "year": Field(
        (
            "Its doors, those of {name}, opened to the public in {value}.",
            "{name} opened in {value}, a year of heavy snow.",
            "Old posters say that {name} was opened in {value}.",
        ),
        ("In which year did {it} open?", "When was {it} opened?", "What year saw {it} open?"),
        "the {kind} that opened in {value}",
    ),
    "cost": Field(
        (
            "Building {name} cost {value}, most of it lent by neighbours.",
            "The bill for {name} came to {value}.",
            "In all, {value} went into the construction of {name}.",
        ),
        (
            "How much did {it} cost to build?",
            "What was the building cost of {it}?",
            "How much money went into building {it}?",
        ),
        "the {kind} that cost {value}",
    ),
    "staff": Field(
        (
            "A staff of {value} people runs {name} today.",
            "{name} employs {value} people all year round.",
            "Counting the night shift, {value} people work at {name}.",
        ),
        (
            "How many people work at {it}?",
            "How large is the staff of {it}?",
            "How many people does {it} employ?",
        ),
        "the {kind} with a staff of {value}",
    ),
    "award": Field(
        (
            "A jury honoured {name} with the {value} medal.",
            "{name} later won the {value} prize for its gardens.",
            "On the wall of {name} hangs the {value} award.",
        ),
        (
            "Which award did {it} win?",
            "What is the name of the prize given to {it}?",
            "Which honour was received by {it}?",
        ),
        "the {kind} that won the {value}",
    ),
    "director": Field(
        (
            "Its present director, {value}, came to {name} as an apprentice.",
            "{name} is now directed by {value}.",
            "Since the last reform {value} has been director of {name}.",
        ),
        (
            "Who is the director of {it}?",
            "Who directs {it} today?",
            "Which person is now in charge of {it}?",
        ),
        "the {kind} directed by {value}",
    ),
    "day": Field(
        (
            "Every {value} the whole of {name} is lit with lanterns.",
            "{name} holds its yearly feast on {value}.",
            "The open day of {name} falls on {value}.",
        ),
        (
            "On which day of the year does {it} celebrate?",
            "What is the date of the yearly celebration at {it}?",
            "When in the year does {it} hold its festivities?",
        ),
        "the {kind} that celebrates on {value}",
    ),
}

ASIDES = (
    "Winters in the region are long, and the roads are often closed.",
    "Local children draw it on school walls, though few have been inside.",
    "A guidebook once called the area the quietest corner of the coast.",
    "Nobody remembers why the old bridge was painted green.",
    "The river floods in most springs, which keeps the cellars damp.",
    "Trains stop there only when someone waves from the platform.",
    "The bakery across the square sells a cake in its honour.",
    "Storks nest on the chimneys and are counted by volunteers.",
    "A film crew came by one summer and left after three rainy days.",
    "The archives burned long ago, so much is known from letters only.",
    "Travellers complain about the hills but praise the soup.",
    "For decades a ferry was the only way to get across the bay.",
)

_KINDS = listed(
    "observatory, lighthouse, orchard, printing house, puppet theatre, glass workshop, "
    "library, bakery, sailing school, clock museum, botanical garden, music academy, rope "
    "factory, swimming hall, planetarium, tea house, paper mill, horse clinic, weather "
    "station, toy factory"
)
_FIRST = listed(
    "Alma, Berit, Casimir, Dorrit, Edwin, Fenna, Gustav, Hedda, Ivo, Jolan, Klara, Leopold, "
    "Marit, Nils, Odette, Pavel, Quirin, Runa, Sverre, Tilda, Ulrich, Vesna, Wendel, Xenia, "
    "Yorick, Zelda, Anton, Birgit, Corin, Delia"
)
_LAST = listed(
    "Ashgrove, Brackwell, Corvane, Dunmere, Eldritt, Farrowby, Glenhart, Hollander, Istrane, "
    "Jarnvik, Kestrow, Lindqvar, Morrane, Nettleby, Ostrander, Pellworth, Quillon, Ravnsborg, "
    "Silverton, Tamsin, Umberley, Vantrop, Wexcombe, Yarrowdale, Zandvoort, Birkham, "
    "Calloway, Drummel, Everling, Foxley"
)
_TOWNS = listed(
    "Averlund, Brimhaven, Caldmoor, Dorvik, Elstrand, Fennick, Garrowmouth, Hestrup, "
    "Ilmwater, Jorvale, Kelmscar, Lunderby, Mistholm, Norrbeck, Oakminster, Penhallow, "
    "Ravelstone, Skarholt, Thornwick, Uxmere, Valdorra, Westerling, Yewbridge, Zillerfeld, "
    "Brackenau, Corrisande, Dellmouth, Eastmarsh, Grunfeld"
)
_NAME_STARTS = listed(
    "Amber, Copper, Falcon, Granite, Juniper, Lantern, Marlow, Northwind, Pilgrim, Saffron, "
    "Sparrow, Tidewater, Velvet, Willow, Juno, Kingfisher, Larkspur, Meridian, Orion, Thistle"
)
_COLOURS = listed(
    "Silver, Golden, Crimson, Ivory, Scarlet, Azure, Emerald, Bronze, Violet, Sapphire"
)
_ANIMALS = listed("Heron, Badger, Lynx, Otter, Raven, Stag, Dolphin, Tortoise, Hare, Owl")
_MONTHS = listed(
    "January, February, March, April, May, June, July, August, September, October, November, "
    "December"
)


@dataclass(frozen=True)
class Venture:
    """An invented venture: what kind it is, its name, and the value of every field."""

    kind: str
    name: str
    values: dict[str, str]


def ventures(pick: Pick, count: int) -> list[Venture]:
    """Make ventures of one kind that share no value, so that each value names one of them."""
    kind = pick.one(_KINDS)
    starts = pick.some(_NAME_STARTS, count)
    columns = {
        "founder": _people(pick, count),
        "town": pick.some(_TOWNS, count),
        "year": [str(year) for year in pick.some(range(1790, 2015), count)],
        "cost": [f"${100 * n:,}" for n in pick.some(range(90, 9900), count)],
        "staff": [str(n) for n in pick.some(range(32, 290), count)],
        "award": _pairs(pick.some(_COLOURS, count), pick.some(_ANIMALS, count)),
        "day": _pairs(
            [str(day) for day in pick.some(range(1, 29), count)], pick.some(_MONTHS, count)
        ),
    }
    used = {name for person in columns["founder"] for name in person.split()}
    columns["director"] = _people(pick, count, used)
    return [
        Venture(
            kind,
            f"the {starts[i]} {kind.title()}",
            {field: values[i] for field, values in columns.items()},
        )
        for i in range(count)
    ]


def _people(pick: Pick, count: int, used: set[str] | frozenset[str] = frozenset()) -> list[str]:
    first = [name for name in _FIRST if name not in used]
    last = [name for name in _LAST if name not in used]
    return _pairs(pick.some(first, count), pick.some(last, count))


def _pairs(left: list[str], right: list[str]) -> list[str]:
    return [f"{a} {b}" for a, b in zip(left, right, strict=True)]
