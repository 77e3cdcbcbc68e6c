"""Tables for a paper: booktabs rules, estimates as on the page."""

import re

import polars as pl

from pipeline.reporting.page._tables import read_columns

__all__ = ["escape_latex", "latex_table"]

_LONG = 40  # rows that a page of paper does not hold
_ESCAPED = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "−": "$-$",
    "–": "--",
    "×": r"$\times$",
    "\u202f": r"\,",
}
_SUPERSCRIPTS = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")


def latex_table(frame: pl.DataFrame, caption: str, label: str) -> str:
    r"""Return a LaTeX table that needs the packages booktabs and longtable.

    Args:
        frame: columns estimate, low, high (or X, X_low, X_high) become one column, written as
            0.412 [0.398, 0.427]; units stand in the names of the columns or in a column.
        caption: plain text; it is escaped.
        label: for \ref, without a prefix.

    A table of more than 40 rows becomes a longtable, which breaks across pages.
    """
    columns = read_columns(frame)
    shape = "".join("l" if column.kind == "text" else "r" for column in columns)
    head = _row([column.heading for column in columns])
    body = [_row(list(texts)) for texts in zip(*(c.texts for c in columns), strict=True)]
    named = rf"\caption{{{escape_latex(caption)}}}\label{{tab:{label}}}"
    if frame.height > _LONG:
        lines = [
            rf"\begin{{longtable}}{{{shape}}}", rf"{named}\\", r"\toprule", head, r"\midrule",
            r"\endfirsthead", r"\toprule", head, r"\midrule", r"\endhead", r"\bottomrule",
            r"\endfoot", *body, r"\end{longtable}",
        ]  # fmt: skip
    else:
        lines = [
            r"\begin{table}", r"\centering", named, rf"\begin{{tabular}}{{{shape}}}", r"\toprule",
            head, r"\midrule", *body, r"\bottomrule", r"\end{tabular}", r"\end{table}",
        ]  # fmt: skip
    return "\n".join(["% packages: booktabs, longtable", *lines]) + "\n"


def _row(texts: list[str]) -> str:
    return " & ".join(map(escape_latex, texts)) + r" \\"


def escape_latex(text: str) -> str:
    """Return a text that LaTeX prints as it stands."""
    plain = "".join(_ESCAPED.get(letter, letter) for letter in text)
    return re.sub(r"10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)", lambda found: f"$10^{{{_power(found[1])}}}$", plain)


def _power(text: str) -> str:
    return text.translate(_SUPERSCRIPTS)
