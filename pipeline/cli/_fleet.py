"""`routebalance fleet`: serve, check, measure and fit instances; one command a module."""

import typer

from pipeline.cli import _fleet_check, _fleet_estimate, _fleet_fit, _fleet_profile, _fleet_up

__all__ = ["app"]

app = typer.Typer(
    help="Serve, check, measure and fit the instances of a fleet.", no_args_is_help=True
)


@app.callback()
def fleet() -> None:
    """Group of the fleet commands."""


app.command("up")(_fleet_up.up)
app.command("check")(_fleet_check.check)
app.command("fit")(_fleet_fit.fit)
app.command("estimate")(_fleet_estimate.estimate)
app.command("profile")(_fleet_profile.profile)
