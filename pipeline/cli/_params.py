"""`routebalance params`: check params.yaml, or lay a preset over it."""

from pathlib import Path
from typing import Annotated

import typer

from pipeline.stage import Paths

__all__ = ["app"]

app = typer.Typer(help="Check params.yaml, or lay a preset over it.", no_args_is_help=True)

ParamsFile = Annotated[Path, typer.Option("--params", help="The parameter file.")]


@app.command()
def check(params: ParamsFile = Paths.PARAMS) -> None:
    """Check a parameter file; say what is wrong, or nothing worse than "ok"."""
    from pipeline.params import load_params

    load_params(params)
    typer.echo(f"{params}: ok")


@app.command()
def apply(
    preset: Annotated[Path, typer.Argument(help="YAML file with the keys to change.")],
    change: Annotated[
        list[str] | None, typer.Option("--set", help="One more change, as section.key=value.")
    ] = None,
    params: ParamsFile = Paths.PARAMS,
) -> None:
    """Lay a preset and single changes over the parameter file, keeping its comments."""
    from pipeline.params.overlay import apply_overlay

    for line in apply_overlay(params, preset, change or []):
        typer.echo(line)
