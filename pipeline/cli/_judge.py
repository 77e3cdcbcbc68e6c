"""`routebalance judge`: the stage judge, and judges of what a load test was served."""

from pathlib import Path
from typing import Annotated

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


@app.command()
def served(
    file: Annotated[Path, typer.Argument(help="Texts that a load test was served.")],
    sample: Annotated[int, typer.Option(min=1, help="Texts to judge.")] = 200,
    seed: Annotated[int, typer.Option(min=0, help="Of the sample and the resampling.")] = 1,
    write: Annotated[
        Path | None, typer.Option(help="For the rows; default beside FILE, FILE.judged.parquet.")
    ] = None,
    engine: EngineOption = "process",
) -> None:
    """Judge a sample of served texts by the rules and judges of params.yaml.

    Prints the quality that was served beside that of the same models' collected responses to the
    same prompts, with the paired interval of the difference.
    """
    from pipeline.journal import Journal
    from pipeline.judging import (
        JOURNAL,
        judge_served,
        sample_served,
        served_quality,
        served_quality_lines,
    )
    from pipeline.minilm import encode
    from pipeline.params import load_params
    from pipeline.rows import JUDGEMENTS, PROMPTS, SERVED, SERVED_JUDGEMENTS
    from pipeline.schema import read_rows, write_rows

    settings = load_params(Paths.PARAMS).judge
    texts = sample_served(read_rows(file, SERVED), sample, seed)
    prompts = read_rows(Paths.PROMPTS, PROMPTS)
    offline = read_rows(Paths.JUDGEMENTS, JUDGEMENTS)
    with Journal(JOURNAL) as journal:
        rows = judge_served(texts, prompts, settings, journal, encode, engine)
    out = write or file.with_suffix(".judged.parquet")
    write_rows(rows, out, SERVED_JUDGEMENTS)
    typer.echo(f"{texts.height} texts, {', '.join(sorted(texts['label'].unique()))}: {out}")
    for line in served_quality_lines(served_quality(rows, offline, prompts, seed)):
        typer.echo(line)
