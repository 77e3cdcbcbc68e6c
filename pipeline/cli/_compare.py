"""`routebalance compare`: two arms or runs, on the seeds and requests that they share."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.stage import Paths

__all__ = ["compare"]

Side = Annotated[
    str,
    typer.Argument(
        help="ARM, ARM@RATE or TRAFFIC/ARM@RATE of data/requests; or a file or folder of request "
        "rows, FILE or FILE:ARM.",
        show_default=False,
    ),
]


def compare(
    a: Side,
    b: Side,
    arm: Annotated[
        str | None, typer.Option(help="For files of several arms that name none.")
    ] = None,
    level: Annotated[float, typer.Option(min=0.5, max=0.999, help="Of the intervals.")] = 0.95,
    resamples: Annotated[int, typer.Option(min=200, help="Bootstrap draws.")] = 2000,
    margin: Annotated[
        list[str] | None,
        typer.Option(
            metavar="METRIC=VALUE",
            help="How much worse A may be, in the metric's unit: adds a verdict.",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the resampling.")] = 1,
    out: Annotated[Path | None, typer.Option(help="CSV file for the table.")] = None,
) -> None:
    """Compare A with B: means of each, and A - B with its interval and P-value.

    Requests are matched by seed and number, so that both had the same arrivals and prompts.
    """
    from pipeline.files import write_text
    from pipeline.reporting.ablation import compare as compared
    from pipeline.reporting.ablation import comparison_lines, read_side

    margins = dict(_margin(given) for given in margin or ())
    sides = [read_side(side, Paths.REQUESTS, arm=arm) for side in (a, b)]
    table = compared(*sides, level=level, resamples=resamples, margins=margins, seed=seed)
    for line in comparison_lines(table):
        typer.echo(line)
    if out is not None:
        write_text(out, table.write_csv())
        typer.echo(f"written: {out}")


def _margin(given: str) -> tuple[str, float]:
    """Read METRIC=VALUE; raises ParamsError or UnknownNameError for anything else."""
    from pipeline.errors import ParamsError, UnknownNameError
    from pipeline.reporting.ablation import COMPARED_METRICS

    metric, _, text = given.partition("=")
    if metric not in COMPARED_METRICS:
        raise UnknownNameError("metric", metric, COMPARED_METRICS, f"--margin {given}")
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise ParamsError(f"--margin {given}: {text!r} is not a number above 0")
    return metric, value
