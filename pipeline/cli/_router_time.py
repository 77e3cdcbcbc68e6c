"""`routebalance loadtest router-time`: what a batch costs the router on this machine."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from pipeline.stage import Paths

__all__ = ["router_time"]


class EncoderName(StrEnum):
    """What reads the prompts of a router that is timed."""

    minilm = "minilm"
    deberta_small = "deberta_small"


def router_time(
    encoder: Annotated[
        EncoderName | None, typer.Option(help="Only what this one reads; default all.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="JSON file for means and fits.")] = None,
) -> None:
    """Measure what a batch costs the router here; print it for loadtest.router.costs."""
    from pipeline.files import write_json
    from pipeline.loadtest import cost_block, machine, open_bench, router_times, time_lines
    from pipeline.params import load_params

    bench = open_bench(load_params(Paths.PARAMS))
    wanted = [encoder] if encoder is not None else list(EncoderName)
    measured = []
    for name in wanted:
        for times in router_times(bench, name.value):
            measured.append(times)
            for line in time_lines(times):
                typer.echo(line)
    for line in cost_block(measured):
        typer.echo(line)
    if out is not None:
        found = {
            one.name: {"means_ms": dict(one.means_ms), "fit": one.fit.model_dump()}
            for one in measured
        }
        write_json(out, {"machine": machine(), "label": "live", "times": found})
        typer.echo(f"written: {out}")
