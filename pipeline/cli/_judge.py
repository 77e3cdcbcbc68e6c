"""`routebalance judge`: the stage judge, here or on a Ray cluster."""

import typer

from pipeline.cli._engine import EngineOption
from pipeline.stage import Paths

__all__ = ["app"]

app = typer.Typer(help="Judge every answer; a verdict that was paid for is not asked for again.")


@app.callback(invoke_without_command=True)
def judge(context: typer.Context, engine: EngineOption = "process") -> None:
    """Judge every answer; a verdict that was paid for is not asked for again."""
    if context.invoked_subcommand is not None:
        return
    from pipeline.judging import judge_stage
    from pipeline.params import load_params

    judge_stage(load_params(Paths.PARAMS), engine)
    typer.echo(f"written: {Paths.JUDGEMENTS}")
