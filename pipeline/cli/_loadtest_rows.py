"""Rows of a load test, written and summed up."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    import polars as pl

    from pipeline.loadtest.served import Served

__all__ = ["show", "write_texts"]


def show(rows: "pl.DataFrame", out: Path | None) -> None:
    """Write REQUESTS rows where a file was named, and print their means."""
    from pipeline.loadtest import lag_line, lags, summary
    from pipeline.reporting.rows import joined_labels
    from pipeline.rows import REQUESTS
    from pipeline.schema import write_rows

    if out is not None:
        write_rows(rows, out, REQUESTS)
        typer.echo(f"{rows.height} request rows ({joined_labels(rows)}) in {out}")
    for line in summary(rows):
        typer.echo(line)
    if rows["t_issued"].null_count() < rows.height:
        typer.echo(lag_line(lags(rows)))


def write_texts(served: "Sequence[Served]", out: Path) -> None:
    """Write the SERVED rows of cells."""
    import polars as pl

    from pipeline.rows import SERVED
    from pipeline.schema import write_rows

    texts = pl.concat([one.texts for one in served if one.texts is not None])
    write_rows(texts, out, SERVED)
    typer.echo(f"{texts.height} answers in {out}")
