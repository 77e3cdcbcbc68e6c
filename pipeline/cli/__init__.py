"""The command `routebalance`. Heavy imports wait until a command runs; `--help` is quick."""

from pipeline.cli._app import main

__all__ = ["main"]
