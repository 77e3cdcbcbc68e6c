"""`routebalance registry`: versions of the predictors, and who is the champion."""

from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.stage import Paths

if TYPE_CHECKING:
    from pipeline.params import Params
    from pipeline.registry import Version

__all__ = ["app"]

app = typer.Typer(
    help="Compare, promote and take back the registered predictors.", no_args_is_help=True
)

REFUSED = 1

Name = Annotated[
    str, typer.Argument(help="quality, length or latency, or the registered name in full.")
]
Champion = Annotated[str, typer.Option(help="Version or alias that has to be beaten.")]
Challenger = Annotated[str, typer.Option(help="Version or alias that is to beat it.")]


@app.command("list")
def list_() -> None:
    """List every version with its aliases, its number on the test split, date and hashes."""
    from pipeline.registry import key_numbers, opened, version_lines, versions_of
    from pipeline.reporting.predictors import CHOSEN_BY

    params = _params()
    versions: list[Version] = []
    numbers: dict[tuple[str, int], tuple[str, float]] = {}
    with opened(params.register_) as client:
        for kind, metric in CHOSEN_BY.items():
            found = versions_of(client, f"{params.register_.prefix}-{kind}")
            versions += found
            numbers |= key_numbers(client, found, metric)
    for line in version_lines(versions, numbers):
        typer.echo(line)


@app.command()
def compare(
    name: Name, champion: Champion = "champion", challenger: Challenger = "challenger"
) -> None:
    """Show what the gate would say of a challenger, and change nothing."""
    from pipeline.registry import compare_versions, comparison_lines, opened

    params = _params()
    kind = _kind(name, params)
    with opened(params.register_) as client:
        old, new, found = compare_versions(kind, params, client, champion, challenger)
    typer.echo(f"{old.name}: champion {old.number}, challenger {new.number}")
    for line in comparison_lines(found):
        typer.echo(line)
    typer.echo("the gate lets it through" if found.passed else "the gate refuses it")


@app.command()
def promote(
    name: Name,
    version: Annotated[str, typer.Option(help="Version or alias.")] = "challenger",
    loadtest: Annotated[
        bool, typer.Option("--loadtest", help="Require simulated load tests to pass as well.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Promote whatever the gate says; needs --reason.")
    ] = False,
    reason: Annotated[str, typer.Option(help="Why; recorded with --force.")] = "",
) -> None:
    """Make a version the champion if the gate lets it through.

    Every decision is recorded with its numbers. Status 0: it is the champion; 1: the gate refused
    it, and nothing changed; 2: something is wrong.
    """
    from pipeline.registry import comparison_lines, opened
    from pipeline.registry import promote as promoted

    params = _params()
    kind = _kind(name, params)
    with opened(params.register_) as client:
        ended = promoted(
            kind,
            params,
            client,
            version=version,
            served=loadtest,
            force=reason if force else None,
        )
    if ended.comparison is not None:
        for line in comparison_lines(ended.comparison):
            typer.echo(line)
    before = "none" if ended.champion is None else str(ended.champion)
    if ended.outcome == "refused":
        typer.echo(f"{ended.name}: version {ended.challenger} refused, champion is still {before}")
        raise typer.Exit(REFUSED)
    forced = " by force" if ended.outcome == "forced" else ""
    typer.echo(f"{ended.name}: champion {before} -> {ended.challenger}{forced}")


@app.command()
def rollback(name: Name, reason: Annotated[str, typer.Option(help="Why; recorded.")] = "") -> None:
    """Make the previous champion the champion again."""
    from pipeline.registry import opened
    from pipeline.registry import rollback as taken_back

    params = _params()
    kind = _kind(name, params)
    with opened(params.register_) as client:
        ended = taken_back(kind, params, client, reason)
    typer.echo(f"{ended.name}: champion {ended.champion} -> {ended.challenger}, rolled back")


@app.command()
def history(name: Name) -> None:
    """Show every decision on a predictor: when, who, from, to, numbers and reason."""
    from pipeline.registry import history as decisions
    from pipeline.registry import history_lines, opened

    params = _params()
    kind = _kind(name, params)
    settings = params.register_
    with opened(settings) as client:
        found = decisions(client, settings.experiment, f"{settings.prefix}-{kind}")
    if not found:
        typer.echo(f"{settings.prefix}-{kind}: no decision is recorded")
    for line in history_lines(found):
        typer.echo(line)


def _params() -> "Params":
    from pipeline.params import load_params

    return load_params(Paths.PARAMS)


def _kind(name: str, params: "Params") -> str:
    from pipeline.registry import kind_of

    return kind_of(name, params.register_.prefix)
