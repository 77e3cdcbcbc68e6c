"""The page as text: balanced, escaped, reaching nowhere, each figure with units and label."""

import dataclasses
import html
import json
import re
from html.parser import HTMLParser

import polars as pl
import pytest
import yaml

from pipeline.params import load_params
from pipeline.reporting.page import Section, render
from pipeline.reporting.page._dots import Dot
from pipeline.reporting.page._figures_drift import drift_figure
from pipeline.reporting.page._format import estimate_text, number_text
from pipeline.reporting.page._provenance import provenance_tables
from pipeline.reporting.page._tables import shown_table
from tests.reporting.report_tables import ARMS, RATES, errors

LABEL = "simulated, test split"
AXES = {
    "planes": [
        "Mean end-to-end time from schedule (s)",
        "Mean quality (0 to 1)",
        "Cost (USD per 1000 requests)",
    ],
    "frontier": ["Mean end-to-end time from schedule (s)", "Mean quality (0 to 1)"],
    "cost_quality": ["Cost (USD per 1000 requests)", "Mean quality (0 to 1)"],
    "mix": ["Share of requests (%)"],
    "hypervolume": ["Dominated share of the box (0 to 1)", "Difference in that share"],
    "radar": ["as a share of the best of all", "quality", "throughput"],
    "forest_four_arms": ["Improvement in mean E2E (s)", "Improvement in quality (0 to 1)"],
    "forest_learned_latency": ["Improvement in mean E2E (s)"],
    "forest_placebo": ["Improvement in mean E2E (s)"],
    "drift": ["Rate (requests/s)", "Mean relative error (%)", "Mean absolute error (0 to 1)"],
    "traffic": ["Absolute error (0 to 1)", "Relative error (%)", "model_update, 12/s, after"],
    "coverage": ["Share of actual values inside the bounds (0 to 1)"],
    "alarms": ["Share of runs (0 to 1)", "model_update (changes)"],
    "break": ["Dose (sigma, 0 to 1)", "Dose (s)", "Utility difference"],
    "reliability": [
        "Mean predicted quality (0 to 1)",
        "Mean observed quality (0 to 1)",
        "all models",
        "m-small",
    ],
    "promised": ["Share of actual values inside the bounds (0 to 1)", "length, m-big"],
    "candidates_quality": ["Regret (0 to 1); lower is better", "Brier score (0 to 1)", "knn"],
    "candidates_length": ["Pinball loss (tokens); lower is better", "model_mean"],
    "candidates_latency": ["Pinball loss as served (log s)", "Relative error (fraction)"],
    "learning_quality": ["Training prompts (count)", "Brier score (0 to 1)", "hard", "logistic"],
    "learning_length": ["Training prompts (count)", "Pinball loss (tokens)"],
    "learning_latency": ["Training requests (count)", "Pinball loss (log s)", "3b"],
}
EMULATED = "emulated, test split"
LABELS = {
    "cost_quality": "arms simulated, references emulated, test split",
    "promised": "emulated + simulated, test split",
    **dict.fromkeys(
        (
            "reliability",
            "candidates_quality",
            "candidates_length",
            "learning_quality",
            "learning_length",
        ),
        EMULATED,
    ),
}


@pytest.fixture(scope="module")
def made(report_context):
    return report_context


@pytest.fixture(scope="module")
def page(made):
    return render(made)


def test_every_figure_is_named_here(made):
    assert set(made.figures) == set(AXES)
    shown = {name for part in made.parts for one in part.sections for name in one.figures}
    assert shown == set(AXES)


@pytest.mark.parametrize("name", AXES)
def test_figures_name_axes_with_units_and_say_where_numbers_come_from(made, name):
    texts = re.findall(r"<text[^>]*>([^<]*)</text>", made.figures[name].svg)
    said = html.unescape(" | ".join(texts))
    for text in AXES[name]:
        assert text in said
    label = LABELS.get(name, LABEL)
    assert f"({label})" in said
    spoken = re.match(r'<svg role="img" aria-label="([^"]+)"', made.figures[name].svg)
    assert spoken is not None
    assert label in spoken[1]


def test_a_figure_is_the_same_bytes_twice():
    def once():
        return drift_figure(pl.DataFrame(list(errors())), label=LABEL)

    first = once()
    assert once() == first
    assert first.pdf.startswith(b"%PDF")
    assert b"CreationDate" not in first.pdf


class _Balance(HTMLParser):
    VOID = ("meta", "br", "link", "hr", "img")

    def __init__(self):
        super().__init__()
        self.open, self.ids, self.urls = [], [], []

    def handle_starttag(self, tag, attrs):
        if tag not in self.VOID:
            self.open.append(tag)
        self._note(attrs)

    def handle_startendtag(self, tag, attrs):
        self._note(attrs)

    def _note(self, attrs):
        self.ids += [value for name, value in attrs if name == "id"]
        self.urls += [value for name, value in attrs if name in ("href", "src", "xlink:href")]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_page_parses_and_ids_are_unique_and_meet_their_links(page):
    parser = _Balance()
    parser.feed(page)
    assert parser.open == []
    assert len(parser.ids) == len(set(parser.ids))
    inside = {url[1:] for url in parser.urls if url.startswith("#")}
    assert inside <= set(parser.ids)


def test_page_reaches_nowhere(page):
    parser = _Balance()
    parser.feed(page)
    elsewhere = {url for url in parser.urls if not url.startswith("#")}
    assert {url for url in elsewhere if not url.startswith("tables/")} == {"data:,"}
    assert all(url.startswith("#") for url in re.findall(r"url\(([^)]*)\)", page))
    assert not re.search(r"@import|fetch\(|XMLHttpRequest", page)


def test_data_of_the_script_cannot_end_it(made):
    evil = dataclasses.replace(made, explorer={"arm": "</script><b>&amp;"})
    page = render(evil)
    found = re.search(r'id="frontier-data">(.*?)</script>', page)
    assert json.loads(found[1]) == {"arm": "</script><b>&amp;"}


def test_explorer_has_every_cell_in_the_units_of_its_axes(made):
    points = made.explorer["points"]
    assert len(points) == len(ARMS) * len(RATES)
    one = next(point for point in points if (point["arm"], point["rate"]) == ("fused_cost", 6.0))
    assert one["values"]["cost_usd"] == [0.011, 0.010, 0.012]
    assert one["values"]["quality"] == [0.56, 0.52, 0.6]
    assert (one["member"], one["membership"]["membership_cost"]) == (True, 0.9)
    assert next(point for point in points if point["oracle"])["system"] == "oracles"
    band = next(one for one in made.explorer["bands"] if one["plane"] == "quality_cost")
    assert len(band["at"]) == 4  # the one of five where the frontier is not defined is left out
    assert band["at"][-1] == 0.04


def test_texts_are_escaped(page):
    assert "Not decided: &lt;1 of 1&gt;." in page
    assert "<1 of 1>" not in page


def test_long_tables_are_folded_and_very_long_ones_are_files(made):
    long, endless = (pl.DataFrame({"x": list(range(n))}) for n in (40, 401))
    part = dataclasses.replace(
        made.parts[0],
        sections=[Section("a", "A", frame=long), Section("b", "B", frame=endless)],
    )
    page = render(dataclasses.replace(made, parts=[part]))
    assert "Table of 40 rows" in page
    assert "401 rows, too many for a page" in page
    assert page.count("<td") < 401 + 200


def test_a_folded_table_shows_one_rate_openly():
    frame = pl.DataFrame({"rate": [6.0, 12.0] * 20, "x": list(range(40))})
    shown = shown_table(frame, 12.0)
    assert shown.folded
    assert [row[1].number for row in shown.brief] == [str(n) for n in range(1, 40, 2)]
    assert shown_table(frame.head(10), 12.0).brief == []
    assert shown_table(frame.drop("rate"), 12.0).brief == []
    assert shown_table(pl.concat([frame] * 3), 12.0).brief == []  # 60 rows of that rate


def test_provenance_is_whole_and_names_no_place():
    values = {"a": {"b": [1, 2], "c": None}, "dir": "/mnt/someone/data", "db": "sqlite:////x/y.db"}
    plain, nested = provenance_tables(values)
    assert dict(plain) == {"dir": "…/data", "db": "sqlite:///…/y.db"}
    assert nested == [("a", [("b", "1, 2"), ("c", "–")])]


def test_the_page_holds_all_parameters_and_what_its_data_hash_to(made, page, root):
    params = load_params(root / "params.yaml")
    assert made.parameters in html.unescape(page)
    assert yaml.safe_load(made.parameters) == params.model_dump(mode="json", by_alias=True)
    assert re.fullmatch(r"[0-9a-f]{64}", made.provenance["sha256"]["card"])


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
    assert estimate_text(*ends) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0.41251, "0.413"), (12.345, "12.3"), (0.0, "0"), (None, "–")]
)
def test_number_text(value, text):
    assert number_text(value) == text


def test_a_row_without_a_point_keeps_its_place():
    from pipeline.reporting.page._dots import dots
    from pipeline.reporting.page._style import canvas

    with canvas(4, 2, "t") as figure:
        axes = figure.subplots()
        dots(axes, [Dot("a", 1.0, 0.5, 1.5, "k"), Dot("b", None, None, None, "k")])
        assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "b"]
        assert len(axes.collections) == 1
