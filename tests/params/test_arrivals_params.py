"""Sections of arrivals: what is accepted, and the sentence for what is not."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from pipeline.errors import ParamsError
from pipeline.params import ArrivalParams, DiurnalParams, SquareParams

READER: TypeAdapter[Any] = TypeAdapter(ArrivalParams)


def sentence(values: object) -> str:
    with pytest.raises(ValidationError) as caught:
        READER.validate_python(values)
    return caught.value.errors()[0]["msg"]


@pytest.mark.parametrize(
    "values",
    [
        {"process": "poisson"},
        {"process": "gamma", "burstiness": 1},
        {"process": "square", "high_multiple": 2, "low_multiple": 0, "period_s": 60},
        {"process": "square", "rates": [40, 6], "period_s": 60, "high_share": 0.25},
        {"process": "ramp", "from_multiple": 0, "to_multiple": 2, "over_s": 60},
        {"process": "diurnal", "states": {"day": {"level": 3, "dwell_s": 60},
                                          "night": {"level": 0, "dwell_s": 30}}},
        {"process": "trace", "file": "traces/a.parquet", "tick_s": 3.0, "scale": "none"},
        {"process": "closed", "users": 8, "think_s": 0},
        {"process": "reference_gamma", "burstiness": 0.3},
        {"process": "reference_square", "rates": [30, 6]},
    ],
)  # fmt: skip
def test_every_process_reads_and_writes_itself(values: dict[str, Any]) -> None:
    read = READER.validate_python(values)
    assert read.process == values["process"]
    assert READER.validate_python(read.model_dump()) == read


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"process": "gama"}, "unknown arrival process 'gama'; did you mean 'gamma'?"),
        ({}, "process is missing; accepted: poisson, gamma"),
        ("poisson", "a section is accepted, for example the line process: poisson"),
        ({"process": "gamma", "burstines": 1}, "did you mean 'burstiness'?"),
        ({"process": "gamma", "burstiness": 0}, "greater than or equal to 0.01"),
        ({"process": "square", "period_s": 6}, "either high_multiple and low_multiple, or rates"),
        ({"process": "square", "period_s": 6, "high_multiple": 2}, "either high_multiple and low"),
        ({"process": "square", "period_s": 6, "high_multiple": 2, "rates": [40, 6]}, "either high"),
        ({"process": "square", "period_s": 6, "rates": [6, 40]}, "got high 6 and low 40"),
        ({"process": "diurnal", "states": {"day": {"level": 0, "dwell_s": 6},
                                           "night": {"level": 0, "dwell_s": 6}}}, "above 0"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_in_a_sentence(values: object, said: str) -> None:
    assert said in sentence(values)


def test_multiples_are_of_the_named_rate() -> None:
    square = SquareParams(high_multiple=1.5, low_multiple=0.5, period_s=60)
    assert square.levels(20) == (30, 10)


def test_explicit_rates_are_named_by_their_mean() -> None:
    assert SquareParams(rates=(40, 6), period_s=60).levels(23) == (40, 6)
    assert SquareParams(rates=(40, 6), period_s=60, high_share=0.25).levels(14.5) == (40, 6)
    with pytest.raises(ParamsError, match=r"40 and 6 requests/s averages 23, so 23 .* got 12"):
        SquareParams(rates=(40, 6), period_s=60).levels(12)


def test_states_keep_their_order() -> None:
    day = {"process": "diurnal"} | {
        "states": {name: {"level": 1, "dwell_s": 60} for name in ("night", "day", "evening")}
    }
    read = READER.validate_python(day)
    assert isinstance(read, DiurnalParams)
    assert list(read.states) == ["night", "day", "evening"]
