"""The root command and its groups."""

from typing import Annotated

import typer

from pipeline import __version__
from pipeline.cli import (
    _collect,
    _compare,
    _fleet,
    _judge,
    _loadtest,
    _params,
    _plan,
    _registry,
    _report,
    _serve,
)
from pipeline.stage import exit_on_error

__all__ = ["main"]

app = typer.Typer(
    name="routebalance",
    help="Which request should go to which LLM instance, and what is gained by it.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(_params.app, name="params")
app.add_typer(_fleet.app, name="fleet")
app.add_typer(_judge.app, name="judge")
app.add_typer(_loadtest.app, name="loadtest")
app.add_typer(_registry.app, name="registry")
app.add_typer(_report.app, name="report")
app.command("collect")(_collect.collect)
app.command("compare")(_compare.compare)
app.command("plan")(_plan.plan)
app.command("serve")(_serve.serve)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Run `dvc repro` for the whole graph; the commands here work on its parts."""


def main() -> None:
    """Run the command line; a user's error ends in one sentence and status 2."""
    exit_on_error(app)
