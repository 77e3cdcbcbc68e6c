"""`routebalance serve`: the gateway in front of a fleet."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.stage import Paths

if TYPE_CHECKING:
    from pipeline.gateway import Gateway

__all__ = ["serve"]


def serve(
    fleet: Annotated[Path, typer.Option(help="Fleet file with the endpoint of every instance.")],
    arm: Annotated[str, typer.Option(help="An arm of loadtest.arms.")],
    weights: Annotated[str, typer.Option(help="Preset instead of the arm's weights.")] = "",
    predictors: Annotated[
        str, typer.Option(help="Registered predictors: current, champion, challenger.")
    ] = "current",
    quality: Annotated[str, typer.Option(help="Version or alias of this predictor alone.")] = "",
    length: Annotated[str, typer.Option(help="Likewise.")] = "",
    latency: Annotated[str, typer.Option(help="Likewise.")] = "",
    host: Annotated[
        str, typer.Option(help="Address to listen on; others than the loopback need keys.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="0: any free one.")] = 8080,
    write: Annotated[Path | None, typer.Option(help="File for the URL, once it listens.")] = None,
    trace_log: Annotated[
        Path | None, typer.Option(help="File for one JSON line per request.")
    ] = None,
    key_variable: Annotated[
        str | None, typer.Option(help="Environment variable of the accepted keys, by commas.")
    ] = None,
    admin_key_variable: Annotated[
        str | None, typer.Option(help="Likewise for /admin, which takes the others without it.")
    ] = None,
    upstream_key_variable: Annotated[
        str | None, typer.Option(help="Environment variable of the key for the instances.")
    ] = None,
    max_queue: Annotated[
        int, typer.Option(min=1, help="Waiting requests beyond which to answer 429.")
    ] = 512,
    max_in_flight: Annotated[
        int, typer.Option(min=1, help="Requests on the instances beyond which others wait.")
    ] = 1024,
    attempts: Annotated[int, typer.Option(min=1, help="Instances to try a request on.")] = 3,
    first_token: Annotated[
        float, typer.Option(min=0.01, help="s without a first token that make a failure.")
    ] = 60.0,
    between: Annotated[
        float, typer.Option(min=0.01, help="s between tokens that make a failure.")
    ] = 30.0,
    drain: Annotated[
        float, typer.Option(min=0.0, help="s that requests under way may take at the end.")
    ] = 30.0,
) -> None:
    """Serve a fleet behind one OpenAI-compatible address, with an arm that chooses."""
    from pipeline.fleet import Fleet
    from pipeline.gateway import (
        Access,
        Choice,
        Gateway,
        Maker,
        Project,
        Settings,
        check_models,
        read_keys,
        run_gateway,
    )
    from pipeline.params import load_fleet, load_params

    params, declared = load_params(Paths.PARAMS), load_fleet(fleet)
    check_models(declared, params.base.fleet, fleet)
    laid_out, seed = Fleet.of(declared), params.base.seed
    project = Project(params, declared)
    named = {"quality": quality, "length": length, "latency": latency}
    own = {kind: version for kind, version in named.items() if version}
    upstream = read_keys(upstream_key_variable, os.environ)
    run_gateway(
        lambda: Gateway(
            Maker(params.loadtest, laid_out, project.load, seed),
            laid_out,
            Choice(arm, weights or None, own, predictors),
            settings=Settings(
                max_queue=max_queue,
                max_in_flight=max_in_flight,
                attempts=attempts,
                first_token_s=first_token,
                between_s=between,
                drain_s=drain,
            ),
            access=Access(
                read_keys(key_variable, os.environ),
                read_keys(admin_key_variable, os.environ),
                upstream.first,
            ),
            host=host,
            port=port,
            trace_log=trace_log,
            seed=seed,
        ),
        lambda gateway: _announce(gateway, arm, write),
    )


def _announce(gateway: "Gateway", arm: str, write: Path | None) -> None:
    from pipeline.files import write_text

    instances = len(gateway.fleet.names)
    typer.echo(f"{gateway.url}  arm {arm} in front of {instances} instances; Ctrl-C drains it")
    if write is not None:
        write_text(write, f"{gateway.url}\n")
