"""`routebalance registry`: what is registered."""

import json

import typer

from pipeline.errors import ModelError
from pipeline.stage import Paths

__all__ = ["app"]

app = typer.Typer(help="Look at the registered predictors.", no_args_is_help=True)


@app.command("list")
def list_() -> None:
    """List the predictors that the last run registered, with version and alias."""
    if not Paths.REGISTRY.exists():
        raise ModelError(f"{Paths.REGISTRY}: nothing is registered yet; run `dvc repro register`")
    for entry in json.loads(Paths.REGISTRY.read_text(encoding="utf-8")):
        aliases = ", ".join(entry["aliases"]) or "no alias"
        digest = entry["model_sha256"][:12]
        typer.echo(f"{entry['name']}  version {entry['version']}  {aliases}  sha256 {digest}")
