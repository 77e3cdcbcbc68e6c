"""The tables of the page: one row per system, and decimal points below each other."""

import re

import polars as pl
import pytest

from pipeline import reporting
from pipeline.params import AblationParams
from pipeline.reporting.page._align import Cell, aligned, is_number
from pipeline.reporting.page._views import (
    baseline_view,
    contrast_view,
    operating_points_view,
    reference_view,
)
from tests.reporting_rows import dataset_rows, fleet_rows

OPTIONS = {"level": 0.95, "resamples": 200, "seed": 1}


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


def test_operating_points_have_intervals_and_counts():
    cells = reporting.cell_table(fleet_rows(), **OPTIONS)
    view = operating_points_view(cells, reporting.frontier_table(cells))
    assert view.columns == [
        "rate", "arm", "frontier", "quality, 0 to 1", "mean E2E, s", "p95 E2E, s",
        "cost, USD per 1000 requests", "failed", "quality missing",
    ]  # fmt: skip
    assert view.height == 6
    row = view.filter(rate=6.0, arm="a").row(0, named=True)
    cost = cells.filter(rate=6.0, arm="a", metric="cost_usd")["estimate"].item()
    assert float(row["cost, USD per 1000 requests"].split()[0]) == pytest.approx(
        1000 * cost, rel=0.01
    )
    assert "[" in row["mean E2E, s"]
    assert view.filter(arm="best_oracle")["frontier"].to_list() == [None, None]


def test_differences_and_references_are_one_row_each():
    differences = reporting.differences(fleet_rows(), "a", **OPTIONS)
    view = baseline_view(differences)
    assert view.select("rate", "arm").is_unique().all()
    assert set(view["pairs"]) == {120}
    assert set(view["runs"]) == {3}
    labels = {"a": (1.0, 0.0), "b": (0.0, 1.0)}
    references = reporting.offline_references(
        dataset_rows({"test": labels, "validation": labels}),
        {"a": (1.0, 1.0), "b": (2.0, 2.0)},
        **OPTIONS,
    )
    assert reference_view(references)["reference"].to_list() == [
        "single:a", "single:b", "best_single", "random_mixture", "dataset_oracle", "query_oracle",
    ]  # fmt: skip


def test_contrasts_show_the_verdict_and_keep_small_p_values_apart_from_zero():
    claim = {"better": "a", "worse": "b", "metric": "e2e_s", "margin": 0.0}
    params = AblationParams.model_validate(
        {"level": 0.95, "resamples": 200, "contrasts": {"claim": claim}}
    )
    view = contrast_view(reporting.ablation_table(fleet_rows(), params, seed=1))
    assert view["claim"].to_list() == ["a over b"] * 2
    assert view["metric"].to_list() == ["e2e_s (s)"] * 2
    assert all(re.fullmatch(r"< 0\.001|[01]\.\d{3}", text) for text in view["P, Holm"])


def test_a_table_without_rows_has_its_columns():
    empty = reporting.cell_table(fleet_rows().clear(), **OPTIONS)
    assert operating_points_view(empty, reporting.frontier_table(empty)).height == 0
    assert baseline_view(pl.DataFrame(schema=_difference_schema())).height == 0


def _difference_schema():
    return reporting.differences(fleet_rows(), "a", **OPTIONS).schema
