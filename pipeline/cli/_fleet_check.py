"""`routebalance fleet check`: what a fleet file points at, and what is wrong with it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.stage import Paths

if TYPE_CHECKING:
    from pipeline.fleet.telemetry import Checked

__all__ = ["check"]

_HEAD = ("instance", "tier", "model", "label", "state", "version", "running", "waiting", "KV",
         "KV tokens", "max len")  # fmt: skip
_UNKNOWN = "-"


def check(
    file: Annotated[Path, typer.Argument(help="Fleet file, or params.yaml.")] = Paths.PARAMS,
    timeout: Annotated[
        float, typer.Option(min=0.01, max=600, help="Seconds to wait for each answer.")
    ] = 3.0,
) -> None:
    """List every instance of a fleet and what is wrong with it; status 1 if anything is."""
    import asyncio

    from pipeline.fleet.telemetry import check_fleet, probe_fleet
    from pipeline.params import load_fleet

    fleet = load_fleet(file)
    checked = check_fleet(fleet, asyncio.run(probe_fleet(fleet.endpoints, timeout)))
    for line in _aligned([_HEAD, *(_row(one) for one in checked)]):
        typer.echo(line)
    for one in checked:
        for problem in one.problems:
            typer.echo(f"{one.name}: {problem}")
    wrong = sum(bool(one.problems) for one in checked)
    typer.echo(f"{len(checked)} instances, {wrong} with something wrong")
    if wrong:
        raise typer.Exit(1)


def _row(one: "Checked") -> tuple[str, ...]:
    sample = one.sample
    share = None if sample is None else sample.kv_utilisation
    counts = (None, None) if sample is None else (sample.running, sample.waiting)
    return (
        one.name,
        one.tier,
        one.model,
        one.label,
        one.state,
        one.version or _UNKNOWN,
        *map(_number, counts),
        _UNKNOWN if share is None else f"{share:.1%}",
        _number(None if sample is None else sample.kv_tokens),
        _number(one.max_model_len),
    )


def _number(value: int | None) -> str:
    return _UNKNOWN if value is None else str(value)


def _aligned(rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    padded = (zip(row, widths, strict=True) for row in rows)
    return ["  ".join(cell.ljust(width) for cell, width in row).rstrip() for row in padded]
