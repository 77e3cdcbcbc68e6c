"""`routebalance fleet fit`: a tier from tables of measured operators."""

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["fit"]


def fit(
    tables: Annotated[
        Path, typer.Argument(help="Folder of layer_ops.parquet and attention_ops.parquet.")
    ],
    gpu: Annotated[str, typer.Option(help="The card, as in the tables.")],
    model: Annotated[str, typer.Option(help="The model; case and organisation do not matter.")],
    out: Annotated[Path, typer.Option(help="JSON file to write, for `profile:` of a tier.")],
    tp: Annotated[int, typer.Option(min=1, help="GPUs that share the model.")] = 1,
    form: Annotated[str, typer.Option(help="simple, roofline, curve or auto.")] = "auto",
) -> None:
    """Fit the step time of one tier; print its error on held-out rows."""
    from pipeline.fleet.steptime import fit_profile, write_profile

    profile = fit_profile(tables, gpu, model, tp, form)
    write_profile(profile, out)
    typer.echo(
        f"{profile.gpu} {profile.model} TP{profile.tp}: form {profile.form} ({profile.label})"
    )
    counts = ", ".join(f"{name} {count}" for name, count in profile.rows.items())
    typer.echo(f"rows: {counts}")
    for name, error in profile.errors.items():
        typer.echo(f"{name:>10}  {'no rows' if error is None else f'{error:.2f} % MAPE held out'}")
    if profile.estimated:
        typer.echo(f"estimated, not measured: {', '.join(profile.estimated)}")
    for note in profile.notes:
        typer.echo(f"note: {note}")
    typer.echo(
        f"KV cache: {profile.kv_bytes_per_token} bytes per token, about {profile.kv_tokens} tokens "
        "(estimated)"
    )
    typer.echo(f"written: {out}")
