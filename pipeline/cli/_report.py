"""`routebalance report`: look at the page."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.errors import DataError
from pipeline.stage import Paths

__all__ = ["app"]

app = typer.Typer(help="Look at the report.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Look at the report."""


@app.command("open")
def open_(
    path: Annotated[Path, typer.Option(help="The page.")] = Paths.REPORT,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Or only print where it is.")
    ] = True,
) -> None:
    """Open the report in the default browser, and print where it is."""
    import webbrowser

    if not path.is_file():
        raise DataError(f"{path}: there is no report yet; run `dvc repro report`")
    page = path.resolve()
    typer.echo(str(page))
    if browser and not webbrowser.open(page.as_uri()):
        typer.echo("no browser could be started here; open that file in one")
