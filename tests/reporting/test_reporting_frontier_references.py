import pytest

from pipeline.errors import DataError, UnknownNameError
from pipeline.reporting.frontier import offline_references
from tests.reporting_rows import dataset_rows

OPTIONS = {"level": 0.95, "resamples": 300, "seed": 1}
PRICES = {"a": (1.0, 1.0), "b": (2.0, 2.0)}
QUALITIES = {
    "validation": {"a": (1.0, 0.0, 1.0), "b": (0.0, 0.5, 0.0)},  # a leads; b leads on "odd"
    "test": {"a": (1.0, 0.0, 0.0, 1.0), "b": (0.0, 1.0, 1.0, None)},
}


def _means(table, metric):
    part = table.filter(metric=metric)
    return dict(zip(part["reference"], part["estimate"], strict=True))


def test_references_by_hand():
    table = offline_references(dataset_rows(QUALITIES), PRICES, **OPTIONS)
    assert _means(table, "quality") == pytest.approx(
        {
            "single:a": 1 / 3,
            "single:b": 2 / 3,
            "best_single": 1 / 3,  # chosen on validation, not flattered on test
            "random_mixture": 0.5,
            "dataset_oracle": 2 / 3,
            "query_oracle": 1.0,
        }
    )
    cost = _means(table, "cost_usd")  # 200 tokens of an answer: a 200e-6, b 400e-6
    assert cost["single:a"] == pytest.approx(200e-6)
    assert cost["random_mixture"] == pytest.approx(300e-6)
    assert cost["query_oracle"] == pytest.approx((200e-6 + 400e-6 + 400e-6) / 3)
    assert set(table["dropped_prompts"]) == {1}
    assert set(table["split"]) == {"test"}


def test_hull_marks_the_corners_among_single_models():
    qualities = {"low": (0.2, 0.4), "dull": (0.3, 0.3), "high": (0.9, 0.9)}
    prices = {"low": (1.0, 1.0), "dull": (2.0, 2.0), "high": (3.0, 3.0)}
    rows = dataset_rows({"test": qualities, "validation": qualities})
    table = offline_references(rows, prices, **OPTIONS).filter(metric="cost_usd")
    hull = dict(zip(table["reference"], table["on_hull"], strict=True))
    assert hull == {
        "single:low": True,
        "single:dull": False,  # half low, half high reaches 0.6 at its cost
        "single:high": True,
        "best_single": None,
        "random_mixture": None,
        "dataset_oracle": None,
        "query_oracle": None,
    }


def test_query_oracle_takes_the_cheapest_among_ties():
    tied = {"validation": {"a": (1.0,), "b": (1.0,)}, "test": {"a": (1.0,), "b": (1.0,)}}
    table = offline_references(dataset_rows(tied), {"a": (2.0, 2.0), "b": (1.0, 1.0)}, **OPTIONS)
    assert _means(table, "cost_usd")["query_oracle"] == pytest.approx(200e-6)


def test_unknown_lengths_leave_the_cost_and_are_counted():
    table = offline_references(dataset_rows(QUALITIES, tokens=None), PRICES, **OPTIONS)
    costs = table.filter(metric="cost_usd")
    assert costs["estimate"].null_count() == costs.height
    assert set(costs["missing"]) == {3}
    assert table["on_hull"].null_count() == table.height


def test_reference_errors():
    rows = dataset_rows(QUALITIES)
    with pytest.raises(UnknownNameError, match="unknown model 'b'"):
        offline_references(rows, {"a": (1.0, 1.0)}, **OPTIONS)
    with pytest.raises(DataError, match="validation"):
        offline_references(rows.filter(split="test"), PRICES, **OPTIONS)


def test_few_independent_prompts_get_an_exact_interval():
    """Three of three right says little: Clopper-Pearson starts at .025 to the third root."""
    three = {"a": (1.0, 1.0, 1.0), "b": (0.0, 0.0, 0.0)}
    rows = dataset_rows({"validation": three, "test": three})
    table = offline_references(rows, PRICES, **OPTIONS).filter(metric="quality")
    told = table.filter(reference="single:a").row(0, named=True)
    assert (told["estimate"], told["high"]) == (1.0, 1.0)
    assert told["low"] == pytest.approx(0.025 ** (1 / 3))
    shared = rows.with_columns(group_id="split")
    table = offline_references(shared, PRICES, **OPTIONS).filter(metric="quality")
    assert table.filter(reference="single:a")["low"].item() is None
