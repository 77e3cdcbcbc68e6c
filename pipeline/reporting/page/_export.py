"""Figures and tables as files beside the page, for papers and for other programs."""

from collections.abc import Mapping
from pathlib import Path

import polars as pl

from pipeline.files import write_folder_whole
from pipeline.reporting.page._context import ReportContext, Section
from pipeline.reporting.page._drawing import Drawing
from pipeline.reporting.page._latex import latex_table

__all__ = ["write_figures", "write_tables"]


def write_figures(figures: Mapping[str, Drawing], folder: Path) -> None:
    """Write NAME.svg and NAME.pdf of each figure; the folder holds nothing else afterwards."""
    with write_folder_whole(folder) as partial:
        for name, figure in figures.items():
            (partial / f"{name}.svg").write_text(figure.svg, encoding="utf-8")
            (partial / f"{name}.pdf").write_bytes(figure.pdf)


def write_tables(context: ReportContext, folder: Path) -> None:
    """Write NAME.csv and NAME.tex of each section's table; the folder holds nothing else."""
    with write_folder_whole(folder) as partial:
        for part in context.parts:
            for section in part.sections:
                if section.frame is not None:
                    _write(section, section.frame, partial)


def _write(section: Section, frame: pl.DataFrame, folder: Path) -> None:
    frame.write_csv(folder / f"{section.name}.csv")
    label, split = section.origin
    origin = ", ".join(text for text in (label, split and f"{split} split") if text)
    caption = f"{section.title} ({origin})." if origin else f"{section.title}."
    text = latex_table(frame, caption, section.name.replace("_", "-"))
    (folder / f"{section.name}.tex").write_text(text, encoding="utf-8")
