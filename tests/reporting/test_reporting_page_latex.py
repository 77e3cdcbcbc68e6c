"""Tables for papers."""

import polars as pl
import pytest

from pipeline.params import load_params
from pipeline.reporting.page import compose, latex_table, read_inputs, write_figures, write_tables
from pipeline.reporting.page._drawing import Drawing
from pipeline.reporting.page._latex import escape_latex
from tests.reporting.report_tables import contrast, write_inputs


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("a_b & 50 % of $3 #1 {x}", r"a\_b \& 50 \% of \$3 \#1 \{x\}"),
        ("~ ^ \\", r"\textasciitilde{} \textasciicircum{} \textbackslash{}"),
        ("−0.5 [–]", "$-$0.5 [--]"),
        ("4.53 ×10⁻⁵", r"4.53 $\times$$10^{-5}$"),
        ("1\u202f230", r"1\,230"),
        ("P < 0.1", r"P \textless{} 0.1"),
    ],
)
def test_what_latex_would_read_is_escaped(text, written):
    assert escape_latex(text) == written


def test_a_table_has_rules_head_and_estimates():
    frame = pl.DataFrame(
        {"arm": ["a_b"], "e2e, s": [1.5], "estimate": [0.4121], "low": [0.398], "high": [0.427]}
    )
    assert latex_table(frame, "Means & more.", "means").splitlines() == [
        "% packages: booktabs, longtable",
        r"\begin{table}",
        r"\centering",
        r"\caption{Means \& more.}\label{tab:means}",
        r"\begin{tabular}{lrr}",
        r"\toprule",
        r"arm & e2e, s & estimate \\",
        r"\midrule",
        r"a\_b & 1.50 & 0.412 [0.398, 0.427] \\",
        r"\bottomrule",
        r"\end{tabular}",
        r"\end{table}",
    ]


def test_a_long_table_breaks_across_pages():
    text = latex_table(pl.DataFrame({"x": list(range(41))}), "c", "l")
    assert r"\begin{longtable}{r}" in text
    assert text.count(r"\\") == 41 + 1 + 2
    assert r"\begin{table}" not in text


def test_every_table_of_the_page_is_written_twice(tmp_path, root):
    card = write_inputs(tmp_path)
    params = load_params(root / "params.yaml")
    context = compose(read_inputs(tmp_path, card), params, {}, {})
    write_tables(context, tmp_path / "tables")
    framed = {one.name for part in context.parts for one in part.sections if one.frame is not None}
    written = {path.name for path in (tmp_path / "tables").iterdir()}
    assert written == {f"{name}{end}" for name in framed for end in (".csv", ".tex")}
    back = pl.read_csv(tmp_path / "tables/chosen.csv")
    assert back["estimate"].to_list() == [0.7] * 9
    assert "(simulated, test split)" in (tmp_path / "tables/chosen.tex").read_text()


def test_a_column_without_values_and_a_table_without_rows_are_written(tmp_path, root):
    card = write_inputs(tmp_path, doses=[], contrasts=[contrast("four_arms", "one")])
    params = load_params(root / "params.yaml")
    write_tables(compose(read_inputs(tmp_path, card), params, {}, {}), tmp_path / "tables")
    assert len((tmp_path / "tables/doses.csv").read_text().splitlines()) == 1
    assert pl.read_csv(tmp_path / "tables/contrasts.csv")["detectable"].to_list() == [None]


def test_figures_are_written_as_both_formats(tmp_path):
    write_figures({"a": Drawing("<svg/>", b"%PDF")}, tmp_path / "figures")
    assert (tmp_path / "figures/a.svg").read_text() == "<svg/>"
    assert (tmp_path / "figures/a.pdf").read_bytes() == b"%PDF"
