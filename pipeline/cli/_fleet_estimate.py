"""`routebalance fleet estimate`: a tier from hardware and architecture alone."""

from typing import Annotated

import typer

from pipeline.errors import UnknownNameError

__all__ = ["estimate"]


def estimate(
    hardware: Annotated[str, typer.Option(help="A named card, such as A30.")],
    architecture: Annotated[str, typer.Option(help="A named model, such as Qwen2.5-7B.")],
    gpus: Annotated[int, typer.Option(min=1, help="Cards that share the model.")] = 1,
) -> None:
    """Print what data sheets let expect, as the lines of a tier in params.yaml."""
    from pipeline.fleet.steptime import estimate_kv_tokens, estimate_roofline
    from pipeline.params import ARCHITECTURES, HARDWARE

    if hardware not in HARDWARE:
        raise UnknownNameError("hardware", hardware, HARDWARE)
    if architecture not in ARCHITECTURES:
        raise UnknownNameError("architecture", architecture, ARCHITECTURES)
    card, model = HARDWARE[hardware], ARCHITECTURES[architecture]
    step = estimate_roofline(model, card, gpus)
    tokens = estimate_kv_tokens(model, card, gpus)
    typer.echo(f"estimate: {{hardware: {hardware}, architecture: {architecture}}}")
    typer.echo(f"gpus: {gpus}")
    typer.echo(f"kv_tokens: {tokens}  # estimated; {model.kv_bytes} bytes per token")
    values = ", ".join(f"{name}: {value:.4g}" for name, value in step.model_dump().items())
    typer.echo(f"# step: {{{values}}}  (estimated)")
