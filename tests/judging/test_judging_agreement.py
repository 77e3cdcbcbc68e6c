"""Agreement of sources, by hand and by slice."""

import polars as pl
import pytest

from pipeline.judging import agreement
from pipeline.rows import JUDGEMENTS, PROMPTS


@pytest.fixture
def agreed(prompt):
    """Agreement rows by (slice, pair, statistic)."""

    def make(rows, datasets=("d",) * 4):
        prompts = [prompt(f"p{i}") | {"dataset": name} for i, name in enumerate(datasets)]
        table = agreement(JUDGEMENTS.frame(rows), PROMPTS.frame(prompts), seed=1)
        keys = ("slice", "source_a", "source_b", "statistic")
        return {tuple(row[key] for key in keys): row for row in table.to_dicts()}

    return make


def test_agreement_by_hand(scores, agreed) -> None:
    found = agreed(
        scores("a", [0.0, 0.5, 1.0, None])
        + scores("b", [0.0, 0.25, 1.0, 0.5])
        + scores("c", [0.5, 0.5, 0.5])
        + scores("d", [0.1, 0.2])
    )
    # a - mean = (-1/2, 0, 1/2), b - mean = (-5, -2, 7)/12: r = 0.5 / sqrt(0.5 * 78/144)
    row = found["all", "a", "b", "pearson"]
    assert row["estimate"] == pytest.approx(0.5 / (0.5 * 78 / 144) ** 0.5)
    assert (row["n"], row["clusters"], row["missing"]) == (3, 3, 1)
    assert found["all", "a", "b", "spearman"]["estimate"] == pytest.approx(1.0)
    # Values 0, 0, .5, .25, 1, 1: one of three units differs, by .25; the 30 ordered pairs of values
    # differ by 2 (6 * 2.3125 - 2.75^2) = 12.625 squared. 1 - (2/6 * .0625) / (12.625/30)
    alpha = found["all", "a", "b", "alpha_interval"]["estimate"]
    assert alpha == pytest.approx(1 - (2 / 6 * 0.0625) / (12.625 / 30))
    constant = found["all", "a", "c", "pearson"]
    assert (constant["estimate"], constant["n"]) == (None, 3)
    assert constant["method"] == "degenerate: undefined on these data"
    assert found["all", "a", "d", "pearson"]["estimate"] is None


def test_a_source_that_varies_by_rounding_only_is_constant(scores, agreed) -> None:
    found = agreed(scores("a", [0.0, 0.5, 1.0]) + scores("b", [0.1 + 0.2, 0.3, 0.3]))
    assert found["all", "a", "b", "pearson"]["estimate"] is None
    assert found["all", "a", "b", "spearman"]["n"] == 3


def test_slices_and_repeats(scores, agreed) -> None:
    rows = (
        scores("a", [0.0, 0.2, 0.9, 1.0])
        + scores("a", [1.0, 0.5, 0.0, 0.0], model="other")
        + scores("b", [0.1, 0.3, 0.8, 1.0])
        + scores("b", [1.0, 0.5, 0.0, 0.2], model="other")
        # The mean of two verdicts on each case is what counts.
        + scores("b", [0.1, 0.1, 0.8, 0.6], repeat=1)
    )
    found = agreed(rows, ("d", "d", "e", "e"))
    assert {key[0] for key in found} == {"all", "d", "e", "m", "other"}
    assert found["all", "a", "b", "pearson"]["n"] == 8
    assert found["all", "a", "b", "pearson"]["clusters"] == 4
    assert found["m", "a", "b", "spearman"]["estimate"] == pytest.approx(0.948683298)
    assert found["other", "a", "b", "pearson"]["n"] == 4
    row = found["all", "a", "b", "pearson"]
    assert row["low"] < row["estimate"] < row["high"]


def test_one_source_agrees_with_nobody(scores, prompt) -> None:
    table = agreement(JUDGEMENTS.frame(scores("a", [0.5])), PROMPTS.frame([prompt("p0")]), seed=1)
    assert table.equals(pl.DataFrame(schema=table.schema))
