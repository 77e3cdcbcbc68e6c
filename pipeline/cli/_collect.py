"""`routebalance collect`: the stage collect, here or on a Ray cluster."""

import typer

from pipeline.cli._engine import EngineOption
from pipeline.stage import Paths

__all__ = ["collect"]


def collect(engine: EngineOption = "process") -> None:
    """Ask every model for its answers; what a run before this one paid for is not asked again."""
    from pipeline.collecting import collect_stage
    from pipeline.params import load_params

    collect_stage(load_params(Paths.PARAMS), engine)
    typer.echo(f"written: {Paths.RESPONSES}")
