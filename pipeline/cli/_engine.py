"""The option that says where a long command runs."""

from typing import Annotated

import typer

from pipeline.engine import Engine

__all__ = ["EngineOption"]

EngineOption = Annotated[
    Engine, typer.Option("--engine", help="Processes here, or a Ray cluster (RAY_ADDRESS).")
]
