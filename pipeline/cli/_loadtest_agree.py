"""`routebalance loadtest agree`: simulated rows against served ones."""

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["agree"]


def agree(
    simulated: Annotated[Path, typer.Argument(help="Request rows of a simulation.")],
    served: Annotated[Path, typer.Argument(help="Of the same cells, over HTTP.")],
    bound: Annotated[
        float, typer.Option(min=0.1, help="Declared fidelity of mean times, percent.")
    ] = 5.0,
    wire: Annotated[
        float, typer.Option(min=0.0, help="ms that HTTP may add to a TTFT or E2E, whatever else.")
    ] = 10.0,
    level: Annotated[float, typer.Option(min=0.5, max=0.999, help="Of the intervals.")] = 0.95,
    seed: Annotated[int, typer.Option(min=0, help="Of the resampling.")] = 1,
    out: Annotated[Path | None, typer.Option(help="CSV file for the table.")] = None,
) -> None:
    """Say whether the same cells agree: quality, mix and cost equal, times within the fidelity."""
    from pipeline.files import write_text
    from pipeline.loadtest.served import Fidelity, agree_lines, agreement
    from pipeline.rows import REQUESTS
    from pipeline.schema import read_rows

    sides = [read_rows(path, REQUESTS) for path in (simulated, served)]
    table = agreement(*sides, fidelity=Fidelity(bound, wire), level=level, seed=seed)
    for line in agree_lines(table):
        typer.echo(line)
    if out is not None:
        write_text(out, table.write_csv())
        typer.echo(f"written: {out}")
