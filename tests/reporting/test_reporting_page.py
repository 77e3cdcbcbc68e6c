import re
from html.parser import HTMLParser

import polars as pl
import pytest

from pipeline import reporting
from pipeline.params import AblationParams
from tests.reporting_rows import dataset_rows, fleet_rows

LABEL = "simulated, test split"
OPTIONS = {"level": 0.95, "resamples": 200, "seed": 1}


def _figures():
    rows = fleet_rows()
    cells = reporting.cell_table(rows, **OPTIONS)
    claim = {"better": "a", "worse": "b", "metric": "e2e_s", "margin": 0.1}
    params = AblationParams.model_validate(
        {"level": 0.95, "resamples": 200, "contrasts": {"claim": claim}}
    )
    labels = {"a": (1.0, 0.0), "b": (0.0, 1.0)}
    references = reporting.offline_references(
        dataset_rows({"test": labels, "validation": labels}),
        {"a": (1.0, 1.0), "b": (2.0, 2.0)},
        **OPTIONS,
    )
    return {
        "frontier": reporting.frontier_figure(cells, reporting.frontier_table(cells), label=LABEL),
        "plane": reporting.cost_quality_figure(references, cells, 6.0, label=LABEL),
        "ablation": reporting.ablation_figure(
            reporting.ablation_table(rows, params, seed=1), label=LABEL
        ),
        "drift": reporting.drift_figure(reporting.drift_table(rows, level=0.95), label=LABEL),
        "mix": reporting.mix_figure(reporting.mix_table(rows), label=LABEL),
        "reliability": reporting.reliability_figure({"m": [(0.2, 0.3, 5)]}, label=LABEL),
    }


@pytest.fixture(scope="module")
def figures():
    return _figures()


AXES = {
    "frontier": ["Mean end-to-end time from schedule (s)", "Mean quality (0 to 1)"],
    "plane": ["Cost (USD per 1000 requests)", "Mean quality (0 to 1)"],
    "ablation": ["Improvement in e2e_s (s); right is better"],
    "drift": ["Rate (requests/s)", "Mean relative error (%)"],
    "mix": ["Share of requests (%)"],
    "reliability": ["Mean predicted quality (0 to 1)", "Mean observed quality (0 to 1)"],
}


@pytest.mark.parametrize("name", AXES)
def test_axes_carry_units_and_titles_a_label(figures, name):
    for text in [*AXES[name], LABEL]:
        assert text in figures[name]


def test_figures_are_byte_identical(figures):
    assert _figures() == figures


def _context(figures):
    frame = pl.DataFrame({"arm": ["<b>"], "estimate": [0.4121], "low": [0.398], "high": [0.427]})
    long = pl.DataFrame({"x": list(range(40))})
    section = reporting.ReportSection
    return reporting.ReportContext(
        title="RouteBalance",
        labels={"simulated": "from the simulator"},
        headline=["a is faster"],
        figures=figures,
        tables=[
            section("Frontier", "note", frame, "frontier", "simulated", "test"),
            section("Long", frame=long),
        ],
        provenance={"seed": 1, "params": {"a": {"b": [1, 2]}}},
        methods=["from schedule"],
    )


class _Balance(HTMLParser):
    VOID = ("meta", "br", "link", "hr", "img")

    def __init__(self):
        super().__init__()
        self.open, self.ids = [], []

    def handle_starttag(self, tag, attrs):
        if tag not in self.VOID:
            self.open.append(tag)
        self.ids += [value for name, value in attrs if name == "id"]

    def handle_startendtag(self, tag, attrs):
        self.ids += [value for name, value in attrs if name == "id"]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_page_parses_and_ids_are_unique(figures):
    parser = _Balance()
    parser.feed(reporting.render(_context(figures)))
    assert parser.open == []
    assert len(parser.ids) == len(set(parser.ids))


def test_page_reaches_nowhere(figures):
    page = reporting.render(_context(figures))
    urls = set(re.findall(r"https?://[^\"'\s<>]*", page))
    assert urls <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
    assert "<script" not in page


def test_page_holds_its_parts_escaped(figures):
    page = reporting.render(_context(figures))
    assert "0.412 [0.398, 0.427]" in page
    assert "&lt;b&gt;" in page
    assert "test split" in page
    assert "Table of 40 rows" in page
    assert "a.b" in page
    assert all(figures[name].strip() in page for name in figures)


@pytest.mark.parametrize(
    ("ends", "text"),
    [
        ((0.4121, 0.398, 0.427), "0.412 [0.398, 0.427]"),
        ((0.4121, None, None), "0.412 [–]"),
        ((None, None, None), "–"),
        ((4.53e-5, 4.4e-5, 4.66e-5), "4.53 [4.40, 4.66] ×10⁻⁵"),
        ((-0.0012, -0.051, 0.06), "−0.001 [−0.051, 0.060]"),
        ((0.21, 0.21 - 1e-13, 0.21 + 1e-13), "0.210000 [0.210000, 0.210000]"),
    ],
)
def test_estimate_text(ends, text):
    assert reporting.estimate_text(*ends) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0.41251, "0.413"), (12.345, "12.3"), (0.0, "0"), (None, "–")]
)
def test_number_text(value, text):
    assert reporting.number_text(value) == text
