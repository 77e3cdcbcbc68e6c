"""The page's words from tables that went through files."""

import pytest

from pipeline.errors import SchemaError
from pipeline.params import load_params
from pipeline.reporting.page import compose, read_inputs, render
from pipeline.reporting.page._draw import draw
from tests.reporting.report_tables import chosen, contrast, differences, estimate, write_inputs


@pytest.fixture(scope="module")
def params(root):
    return load_params(root / "params.yaml")


def _context(folder, params, **changes):
    """Composed without figures, which say nothing about words."""
    card = write_inputs(folder, **changes)
    return compose(read_inputs(folder, card), params, {}, {"seed": 1})


def _section(context, name):
    return next(one for part in context.parts for one in part.sections if one.name == name)


def test_sections_say_where_their_rows_come_from(tmp_path, params):
    context = _context(tmp_path, params)
    origins = {one.name: tuple(one.origin) for part in context.parts for one in part.sections}
    assert origins["operating_points"] == ("simulated", "test")
    assert origins["references"] == ("emulated", "test")
    assert origins["quality"] == ("emulated", "test")
    assert origins["published"] == ("simulated", "test")
    assert origins["judgements"] == ("emulated", "")
    assert list(context.labels) == ["simulated", "emulated"]
    assert context.headline.badges == ["simulated", "test split", "generated: d"]


def test_gains_are_of_arms_chosen_on_validation(tmp_path, params):
    first, second = _context(tmp_path, params).headline.gains
    assert first.arm == "fused_uniform (ours, chosen for E2E and utility on validation)"
    assert second.arm == "fused_quality (ours, chosen for quality on validation)"
    assert first.against == "minus shortest_queue at 12 requests/s"
    quality, e2e, cost = first.items
    assert quality == ("Quality, of 0 to 1", "+0.120", "[0.080, 0.160]", "better")
    assert e2e == ("Mean E2E, s", "−0.670", "[−0.720, −0.620]", "better")
    assert cost[3] == "open"
    assert [item[3] for item in second.items] == ["better", "worse", "worse"]


def test_gains_without_a_choice_are_of_every_arm_of_the_first_system(tmp_path, params):
    gains = _context(tmp_path, params, chosen=[]).headline.gains
    assert [gain.arm for gain in gains] == [
        "fused_uniform (ours)", "fused_quality (ours)", "fused_cost (ours)",
    ]  # fmt: skip


def test_a_gain_without_an_interval_takes_no_side(tmp_path, params):
    rows = [row | estimate(row["estimate"]) for row in differences()]
    item = _context(tmp_path, params, differences=rows).headline.gains[0].items[0]
    assert item == ("Quality, of 0 to 1", "+0.120", "[–]", "open")


def test_every_question_has_its_answer_and_counts(tmp_path, params):
    verdicts = _context(tmp_path, params).headline.verdicts
    assert [(one.supported, one.refuted, one.inconclusive) for one in verdicts] == [
        (2, 1, 0), (0, 0, 1), (1, 0, 0),
    ]  # fmt: skip
    assert verdicts[0].answer == "Supported in 2 of 3 conditions."


def test_hypervolume_is_told_with_its_differences(tmp_path, params):
    told = _context(tmp_path, params).headline.sentences[0]
    assert "ours 0.620 [0.600, 0.640]; decoupled minus ours −0.030 [−0.040, −0.020]" in (
        told.replace("0.0300", "0.030").replace("0.0400", "0.040").replace("0.0200", "0.020")
    )


def test_facts_are_readable(tmp_path, params):
    told = dict(_section(_context(tmp_path, params), "splits").frame.iter_rows())
    assert told["mean quality, m"] == "0.512"
    assert told["rows without quality"] == "3"
    assert told["share of test near training"] == "0.00264"


def test_every_family_has_a_forest_of_its_own(tmp_path, params):
    rows = [contrast("a_family", "one"), contrast("b_family", "two")]
    context = _context(tmp_path, params, contrasts=rows)
    figures = [name for part in context.parts for one in part.sections for name in one.figures]
    assert [name for name in figures if name.startswith("forest_")] == [
        "forest_a_family", "forest_b_family",
    ]  # fmt: skip


EMPTY = (
    "bands", "hypervolume", "field", "service", "chosen", "radar", "extremes", "placebo",
    "contrasts", "answers", "calibration", "alarms", "alarm_rates", "doses", "break_points",
    "claims",
)  # fmt: skip


def test_tables_without_rows_make_a_page_that_says_so(tmp_path, params):
    """Some presets leave these tables with their heads only."""
    card = write_inputs(tmp_path, **{name: [] for name in EMPTY})
    inputs = read_inputs(tmp_path, card)
    context = compose(inputs, params, draw(inputs, params), {"seed": 1})
    page = render(context)
    assert page.count("<p>No rows.</p>") >= len(EMPTY) - 2
    assert ">nan" not in page.lower()
    assert "Published orderings" not in page


def test_degenerate_estimates_make_a_page_without_their_intervals(tmp_path, params):
    rows = [row | estimate(row["estimate"]) for row in chosen()]
    frame = _section(_context(tmp_path, params, chosen=rows), "chosen").frame
    assert frame["low"].null_count() == frame.height > 0


def test_an_absent_table_is_named(tmp_path):
    card = write_inputs(tmp_path)
    (tmp_path / "frontier/bands.csv").unlink()
    with pytest.raises(SchemaError, match=r"frontier/bands\.csv: cannot be read .*dvc repro"):
        read_inputs(tmp_path, card)
