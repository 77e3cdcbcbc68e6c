"""Sentences of families, from rows made by hand."""

import pytest

from pipeline.params import AblationParams
from pipeline.reporting.ablation._answers import answer_rows

FAMILY = {"question": "Is it?", "correction": "holm"}
CLAIM = {"better": "new", "worse": "old", "metric": "e2e_s", "margin": 0.1}


def params(placebo=None):
    return AblationParams.model_validate(
        {
            "level": 0.95, "resamples": 300, "utility": "uniform", "placebo": placebo,
            "families": {"first": FAMILY, "second": FAMILY}, "contrasts": {"x": CLAIM},
        }
    )  # fmt: skip


def row(contrast, rate, verdict, estimate=0.2, detectable=None, **more):
    return {
        "family": "first", "contrast": contrast, "kind": "superior", "better": "new",
        "worse": "old", "rate": rate, "metric": "e2e_s", "unit": "s", "estimate": estimate,
        "low": estimate - 0.05, "high": estimate + 0.05, "level": 0.95, "verdict": verdict,
        "detectable": detectable, **more,
    }  # fmt: skip


ROWS = [
    row("slow_instance", 12.0, "supported", 0.3),
    row("slow_instance", 18.0, "supported", 0.4),
    row("burst", 18.0, "supported", 0.25),
    row("heavy", 30.0, "inconclusive", 0.9, detectable=0.15),
    row("steady", 6.0, "refuted", -0.1),
]


def test_counts_and_names_the_conditions_of_every_verdict():
    first, second = answer_rows(ROWS, params())
    assert [first[name] for name in ("supported", "refuted", "inconclusive")] == [3, 1, 1]
    assert first["answer"] == (
        "Supported in 3 of 5 conditions (slow instance at 12/s, 18/s; burst at 18/s), "
        "refuted in 1 (steady at 6/s), inconclusive in 1 (heavy at 30/s with 0.15 s detectable). "
        "Largest improvement in e2e_s: 0.4 s (95 % interval 0.35 to 0.45), slow instance at 18/s."
    )
    assert second["answer"] == "Nothing was asked."


def test_the_largest_is_of_each_metric_and_of_all_where_nothing_is_supported():
    rows = [
        row("a", 6.0, "refuted", -0.1),
        row("a", 9.0, "refuted", -0.2),
        row("b", 6.0, "inconclusive", 0.01, metric="quality", unit="0 to 1"),
    ]
    told = answer_rows(rows, params())[0]["answer"]
    assert "Supported in none of 3 conditions, refuted in 2" in told
    assert "in e2e_s: -0.1 s (95 % interval -0.15 to -0.05), a at 6/s." in told
    assert "in quality: 0.01 (95 % interval -0.04 to 0.06), b at 6/s." in told


@pytest.mark.parametrize(
    ("kind", "verdict"), [("superior", "supported"), ("equivalent", "refuted")]
)
def test_a_placebo_that_shows_an_effect_is_told_first_in_every_family(kind, verdict):
    rows = [*ROWS, row("placebo", 6.0, verdict, kind=kind, better="fake", family="second")]
    for told in answer_rows(rows, params({"arm": "fake", "of": "old"})):
        assert told["answer"].startswith(
            "WARNING: the placebo shows an effect where there is none (fake over old; placebo at "
            "6/s: 0.2 s"
        )


@pytest.mark.parametrize(
    ("kind", "verdict"), [("superior", "refuted"), ("equivalent", "supported")]
)
def test_a_placebo_that_shows_nothing_raises_no_alarm(kind, verdict):
    rows = [*ROWS, row("placebo", 6.0, verdict, kind=kind, better="fake", family="second")]
    for told in answer_rows(rows, params({"arm": "fake", "of": "old"})):
        assert "WARNING" not in told["answer"]
