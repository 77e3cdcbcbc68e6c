"""The part on the predictors, from files to the page."""

import dataclasses

import pytest

from pipeline.errors import SchemaError
from pipeline.params import load_params
from pipeline.reporting.page import compose, read_inputs, render
from pipeline.reporting.page._draw_predictors import draw_predictors
from pipeline.reporting.page._figures_learning import learning_figure
from pipeline.reporting.page._figures_reliability import reliability_figure
from pipeline.rows import LEARNING, RELIABILITY
from tests.reporting.predictor_rows import curves, estimate, reliability, score
from tests.reporting.report_tables import write_inputs

FILES = (
    "quality", "length", "latency", "quality_reliability", "quality_learning", "length_learning",
    "latency_learning",
)  # fmt: skip


@pytest.fixture(scope="module")
def params(root):
    return load_params(root / "params.yaml")


def _inputs(folder, **changes):
    return read_inputs(folder, write_inputs(folder, **changes))


def _part(folder, params, **changes):
    parts = compose(_inputs(folder, **changes), params, {}, {}).parts
    assert [part.name for part in parts][:2] == ["predictors", "frontier"]
    return parts[0]


def test_the_part_begins_with_the_verdict_and_the_promises(tmp_path, params):
    part = _part(tmp_path, params)
    assert part.lead.startswith("On these data (emulated, test split) routing by content gains: ")
    assert part.sections[0].note.startswith("ECE of predicted quality, less what noise adds, ")
    assert "not for 3b ttft_s (85.0 %, within chance)." in part.sections[0].note


def test_the_verdict_stands_at_the_top_of_the_page_as_well(tmp_path, params):
    context = compose(_inputs(tmp_path), params, {}, {})
    assert context.parts[0].lead == context.headline.sentences[-1]


def test_every_predictor_has_candidates_differences_and_slices(tmp_path, params):
    sections = {one.name: one for one in _part(tmp_path, params).sections}
    for name in ("quality", "length", "latency"):
        for end in ("", "_differences", "_slices"):
            assert sections[f"{name}{end}"].frame.height > 0
    assert sections["latency_slices"].origin == ("simulated", "test")
    assert sections["quality_routing"].origin == ("emulated", "test")
    assert sections["promises"].origin == ("emulated + simulated", "test")


def test_an_estimate_and_its_ends_are_one_column_of_the_page(report_context):
    page = render(dataclasses.replace(report_context, parts=report_context.parts[:1]))
    assert "0.0800 [0.0720, 0.0880]" in page  # regret of the one that serves
    assert "regret, 0 to 1 low" not in page
    assert ">nan" not in page.lower()


def test_labels_of_the_scores_are_explained(tmp_path, params):
    rows = [score("quality", "knn", "brier", **estimate(0.2, 0.01), label="recorded")]
    context = compose(_inputs(tmp_path, quality=rows), params, {}, {})
    assert "recorded" in context.labels


def test_predictors_that_nobody_judged_make_a_page_that_says_so(tmp_path, params):
    inputs = _inputs(tmp_path, **{name: [] for name in FILES})
    context = compose(inputs, params, draw_predictors(inputs, params), {})
    page = render(dataclasses.replace(context, parts=context.parts[:1]))
    assert "Whether routing by content gains anything on these data was not measured." in page
    assert page.count("<p>No rows.</p>") >= 13


def test_a_file_that_is_broken_or_absent_is_named(tmp_path):
    card = write_inputs(tmp_path)
    file = tmp_path / "predictors/length.parquet"
    file.write_bytes(b"no parquet")
    with pytest.raises(SchemaError, match=r"length\.parquet: cannot be read as parquet"):
        read_inputs(tmp_path, card)
    file.unlink()
    with pytest.raises(SchemaError, match=r"length\.parquet: no such file of score rows"):
        read_inputs(tmp_path, card)


def test_figures_of_the_same_rows_are_the_same_bytes():
    bins, rows = RELIABILITY.frame(reliability()), LEARNING.frame(curves("quality"))
    for make in (
        lambda: reliability_figure(bins, "knn", label="emulated"),
        lambda: learning_figure(rows, "quality", ["brier"], label="emulated"),
    ):
        assert make() == make()


def test_a_panel_per_model_whatever_their_number():
    rows = [
        row | {"model": f"m{number}"}
        for row in reliability()
        if row["model"] == "all"
        for number in range(9)
    ]
    svg = reliability_figure(RELIABILITY.frame(rows), "knn", label="emulated").svg
    assert all(f">m{number}</text>" in svg for number in range(9))
