"""The tables of the page: one row per arm, and decimal points below each other."""

import re

import polars as pl
import pytest

from pipeline.reporting.page._align import Cell, aligned, is_number
from pipeline.reporting.page._contrasts import contrast_view
from pipeline.reporting.page._systems import ORACLE, OTHER, arm_systems, system_colours
from pipeline.reporting.page._tables import read_columns
from pipeline.reporting.page._views import (
    baseline_view,
    definitions,
    operating_points_view,
    reference_view,
    scored_view,
    service_view,
)
from tests.reporting import report_tables


def _table(name):
    return pl.DataFrame(list(getattr(report_tables, name)()), infer_schema_length=None)


def test_points_stand_below_each_other():
    texts = ["−0.5 [−1.0, 0.2]", "12.25", "3 ×10⁻⁵", "–"]
    cells = aligned(texts)
    assert cells == [
        Cell("", "−0.5", "5", " [−1.0, 0.2]"),
        Cell("", "12.25", "", ""),
        Cell("−", "3", ".25", " ×10⁻⁵"),
        Cell("", "–", "", ""),
    ]
    assert [cell.number + cell.tail for cell in cells] == texts


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0.412 [0.398, 0.427]", True),
        ("4.53 [4.40, 4.66] ×10⁻⁵", True),
        ("0.412 [–]", True),
        ("1\u202f230", True),
        ("–", True),
        ("14b_v100.ttft_s", False),
        ("2.1.0", False),
        ("", False),
    ],
)
def test_what_counts_as_a_number(text, number):
    assert is_number(text) is number


def test_three_columns_of_an_estimate_become_one():
    frame = pl.DataFrame(
        {"arm": ["a"], "estimate": [0.4121], "low": [0.398], "high": [0.427], "rate": [6.0]}
    )
    columns = read_columns(frame)
    assert [(one.heading, one.kind, one.texts) for one in columns] == [
        ("arm", "text", ["a"]),
        ("estimate", "estimate", ["0.412 [0.398, 0.427]"]),
        ("rate", "number", ["6"]),
    ]


def test_operating_points_are_complete_case_with_intervals_and_counts():
    cells = _table("cells")
    handling = pl.col("handling") == "failures_included"
    spoiled = cells.with_columns(
        estimate=pl.when(handling).then(99.0).otherwise("estimate"),
        failed=pl.when(handling).then(7).otherwise("failed"),
    )
    view = operating_points_view(spoiled, _table("frontier"))
    assert view.columns == [
        "rate", "arm", "frontier", "membership", "quality, 0 to 1", "mean E2E, s", "p95 E2E, s",
        "cost, USD per 1000 requests", "throughput, requests/s", "failed", "quality missing",
    ]  # fmt: skip
    row = view.filter(rate=6.0, arm="fused_cost").row(0, named=True)
    assert row["quality, 0 to 1"] == "0.560 [0.520, 0.600]"
    assert row["cost, USD per 1000 requests"] == "0.0110 [0.0100, 0.0120]"
    assert row["throughput, requests/s"] == "–"
    assert (row["failed"], row["membership"]) == (0, 0.9)
    assert set(view.filter(arm="query_oracle")["frontier"]) == {None}


def test_differences_and_references_are_one_row_each():
    view = baseline_view(_table("differences"))
    assert view.select("rate", "arm").is_unique().all()
    assert set(view["pairs"]) == {2700}
    assert reference_view(_table("references"))["reference"].to_list() == [
        "single:m-small", "single:m-big", "random_mixture", "best_single", "dataset_oracle",
        "query_oracle",
    ]  # fmt: skip


def test_metrics_of_the_field_stand_beside_their_definition():
    view = scored_view(_table("field"), 12.0)
    assert view.columns == [
        "metric", "definition", "better", "ours", "decoupled", "avengers_pro", "unit",
    ]  # fmt: skip
    assert view["ours"].to_list() == ["0.700 [0.670, 0.730]"]
    assert view["avengers_pro"].to_list() == ["–"]


def test_service_is_one_row_per_cell_with_units_in_the_head():
    view = service_view(_table("service"))
    assert view.columns == ["rate", "arm", "attainment, 0 to 1"]
    assert view.height == len(report_tables.ARMS) * len(report_tables.RATES)
    assert definitions(_table("service")).height == 1


def test_contrasts_show_the_verdict_and_keep_small_p_values_apart_from_zero():
    view = contrast_view(_table("contrasts"))
    assert view["claim"][0] == "fused_uniform over decoupled_reactive"
    assert view["metric"][0] == "e2e_s (s)"
    assert view["P, corrected"][0] == "< 0.001"
    assert all(re.fullmatch(r"< 0\.001|[01]\.\d{3}", text) for text in view["P, corrected"])
    assert view["detectable"].drop_nulls().to_list() == [0.08]


def test_a_table_without_rows_has_its_columns():
    assert operating_points_view(_table("cells").clear(), _table("frontier").clear()).height == 0
    assert baseline_view(_table("differences").clear()).height == 0


def test_an_arm_belongs_to_the_first_system_that_names_it():
    systems = {"ours": ["a", "b"], "theirs": ["b", "c"]}
    assert arm_systems(["a", "b", "c", "d", "query_oracle"], systems) == {
        "a": "ours", "b": "ours", "c": "theirs", "d": OTHER, "query_oracle": ORACLE,
    }  # fmt: skip
    colours = system_colours(list(systems))
    assert len(set(colours.values())) == 4
