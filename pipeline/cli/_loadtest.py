"""`routebalance loadtest`: cells of the load test; one command a module."""

import typer

from pipeline.cli import (
    _loadtest_agree,
    _loadtest_capacity,
    _loadtest_explain,
    _loadtest_run,
    _loadtest_sweep,
    _router_time,
)

__all__ = ["app"]

app = typer.Typer(
    help="Run cells of the load test, simulated or over HTTP; find capacities; time the router.",
    no_args_is_help=True,
)


@app.callback()
def loadtest() -> None:
    """Group of the load test's commands."""


app.command("run")(_loadtest_run.run)
app.command("sweep")(_loadtest_sweep.sweep)
app.command("capacity")(_loadtest_capacity.capacity)
app.command("agree")(_loadtest_agree.agree)
app.command("explain")(_loadtest_explain.explain)
app.command("router-time")(_router_time.router_time)
