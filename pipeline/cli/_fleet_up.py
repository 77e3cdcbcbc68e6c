"""`routebalance fleet up`: serve a fleet as OpenAI-compatible servers."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.stage import Paths

if TYPE_CHECKING:
    from pipeline.fleet.server import Emulator
    from pipeline.params import FleetParams

__all__ = ["up"]


def up(
    file: Annotated[Path, typer.Argument(help="Fleet file, or params.yaml.")] = Paths.PARAMS,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65_535, help="Of the first instance; 0: any free ones.")
    ] = 8100,
    speed: Annotated[
        float, typer.Option(min=0.001, max=1e6, help="Engine seconds per wall second.")
    ] = 1.0,
    responses: Annotated[
        Path | None, typer.Option(help="Folder of prompts and recorded responses to replay.")
    ] = None,
    output_tokens: Annotated[
        float, typer.Option(min=1, help="Mean length of generated answers, tokens.")
    ] = 150.0,
    prefix_caching: Annotated[
        bool, typer.Option("--prefix-caching", help="Let equal beginnings share KV blocks.")
    ] = False,
    max_queued: Annotated[
        int | None, typer.Option(min=1, help="Waiting requests beyond which to answer 503.")
    ] = None,
    max_model_len: Annotated[
        int, typer.Option(min=2, help="Most tokens of prompt and answer.")
    ] = 32_768,
    seed: Annotated[int, typer.Option(min=0, help="Of generated answers and faults.")] = 0,
    write: Annotated[
        Path | None, typer.Option(help="Fleet file to write, with the endpoints.")
    ] = None,
) -> None:
    """Serve every instance of a fleet at the pace of its engine; text is replayed or generated."""
    from pipeline.fleet.server import Emulator, Settings, load_recorded, run_emulator
    from pipeline.params import load_fleet

    fleet = load_fleet(file)
    recorded = load_recorded(responses, fleet.models) if responses is not None else {}
    settings = Settings(
        speed=speed,
        seed=seed,
        prefix_caching=prefix_caching,
        max_queued=max_queued,
        max_model_len=max_model_len,
        output_tokens=output_tokens,
    )
    emulator = Emulator(fleet, settings, host, port, recorded)
    run_emulator(emulator, lambda running: _announce(running, fleet, speed, write))


def _announce(emulator: "Emulator", fleet: "FleetParams", speed: float, write: Path | None) -> None:
    from pipeline.params import dump_fleet

    for name, url in emulator.urls.items():
        tier = name.rpartition("-")[0]
        typer.echo(f"{name}  {url}  tier {tier}  model {fleet.tiers[tier].model}  EMULATED")
    typer.echo(f"{speed:g} engine seconds per wall second; Ctrl-C ends it")
    if write is not None:
        dump_fleet(fleet.model_copy(update={"endpoints": emulator.urls}), write)
