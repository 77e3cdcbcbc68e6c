"""Who can be rolled back to, and what is seen of the data."""

from datetime import UTC, datetime

import polars as pl
import pytest

from pipeline.errors import UnknownNameError
from pipeline.registry import Decision, champions, data_card, kind_of, seen_units
from tests.reporting_rows import dataset_rows


def decided(*outcomes: tuple[str, int]) -> list[Decision]:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return [Decision("n", outcome, None, to, "", at, "me", {}) for outcome, to in outcomes]


@pytest.mark.parametrize(
    ("outcomes", "stack"),
    [
        ([], []),
        ([("first", 1)], [1]),
        ([("first", 1), ("refused", 2)], [1]),
        ([("first", 1), ("promoted", 2), ("forced", 3)], [1, 2, 3]),
        ([("first", 1), ("promoted", 2), ("forced", 3), ("rolled_back", 2)], [1, 2]),
        ([("first", 1), ("promoted", 2), ("rolled_back", 1), ("promoted", 3)], [1, 3]),
    ],
)
def test_a_rollback_goes_through_the_champions_in_turn(
    outcomes: list[tuple[str, int]], stack: list[int]
) -> None:
    assert champions(decided(*outcomes)) == stack


def test_names() -> None:
    assert kind_of("quality", "rb") == kind_of("rb-quality", "rb") == "quality"
    with pytest.raises(UnknownNameError, match="did you mean 'latency'"):
        kind_of("latensy", "rb")


def test_what_was_seen_is_all_but_the_test() -> None:
    rows = dataset_rows(
        {name: {"m": (1.0, 0.0)} for name in ("train", "calibration", "validation", "test")}
    )
    seen = seen_units("quality", rows)
    assert seen == sorted(f"{s}{i}" for s in ("train", "calibration", "validation") for i in (0, 1))


def profile(**changes: object) -> pl.DataFrame:
    base = {"tier": "t", "run": 1, "part": "train", "request_id": [0, 1], "ttft_s": [0.1, 0.2]}
    return pl.DataFrame({**base, **changes})


def test_a_run_is_known_by_what_it_holds() -> None:
    assert seen_units("latency", profile()) == seen_units("latency", profile(run=7))
    assert seen_units("latency", profile()) != seen_units("latency", profile(ttft_s=[0.1, 0.3]))
    assert seen_units("latency", profile(part="test")) == []


def test_the_data_card_counts_prompts_labels_and_licences() -> None:
    rows = dataset_rows({"train": {"m": (1.0, None)}, "test": {"m": (0.0, 1.0, 1.0)}})
    one = {"dataset": "even", "task": "fact", "licence": "CC0", "prompts": 3, "with_reference": 0}
    card = data_card(rows, {"source": "generated", "datasets": [one]})
    assert "| even | 1 | 2 |" in card
    assert "| odd | 1 | 1 |" in card
    assert "| task_metric | emulated | 5 | 1 | 0 |" in card
    assert "| even | fact | CC0 | 3 |" in card
