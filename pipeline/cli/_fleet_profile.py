"""`routebalance fleet profile`: measure a live server, and write its tier."""

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["profile"]


def profile(
    url: Annotated[str, typer.Argument(help="Base URL of an OpenAI-compatible server.")],
    model: Annotated[str | None, typer.Option(help="Its name there, if it has several.")] = None,
    rates: Annotated[
        str, typer.Option(help="Rates of the open loops, requests/s; default: shares of capacity.")
    ] = "",
    seconds: Annotated[float, typer.Option(min=1, help="Length of every run of the sweep.")] = 10.0,
    passes: Annotated[int, typer.Option(min=1, help="How often the sweep is repeated.")] = 3,
    max_num_seqs: Annotated[int, typer.Option(min=1, help="As the server was started.")] = 256,
    max_batched_tokens: Annotated[int, typer.Option(min=1, help="As it was started.")] = 2048,
    out: Annotated[Path, typer.Option(help="JSON file to write, for `profile:` of a tier.")] = Path(
        "tier.json"
    ),
    rows: Annotated[
        Path | None, typer.Option(help="Parquet file of the measured rows; used if it is there.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of lengths, prompts and arrivals.")] = 0,
) -> None:
    """Measure a server with closed and open loops; fit its iteration time; print the error."""
    import asyncio

    from pipeline.cli._lists import rates_of
    from pipeline.fleet.live import Asking, profile_server
    from pipeline.fleet.steptime import write_profile

    asking = Asking(
        model=model,
        seconds=seconds,
        passes=passes,
        rates=tuple(rates_of(rates)),
        max_num_seqs=max_num_seqs,
        max_batched_tokens=max_batched_tokens,
        rows=rows or out.with_suffix(".rows.parquet"),
        seed=seed,
    )
    found, _ = asyncio.run(profile_server(url, asking))
    write_profile(found, out)
    counts = ", ".join(f"{name} {count}" for name, count in found.rows.items())
    typer.echo(f"{found.model} at {url} ({found.label}): requests {counts}")
    for name, error in found.errors.items():
        typer.echo(f"{name:>20}  {error:+.1f} % on held-out requests")
    typer.echo(f"outside the engine: {found.overhead_ms:.1f} ms a request")
    for note in found.notes:
        typer.echo(f"note: {note}")
    typer.echo(f"written: {out}, rows: {asking.rows}")
