"""The work of the stage collect, whoever starts it."""

from pathlib import Path

import polars as pl

from pipeline.collecting._collect import collect_live
from pipeline.engine import Engine
from pipeline.files import write_json
from pipeline.journal import Journal
from pipeline.minilm import count_tokens
from pipeline.params import CollectParams, Params
from pipeline.rows import PROMPTS, RESPONSES
from pipeline.schema import read_rows, write_rows
from pipeline.spending import cost_usd
from pipeline.stage import Paths
from pipeline.workload.collect import collect_emulated, collect_recorded, response_counts

__all__ = ["JOURNAL", "collect_stage"]

JOURNAL = Paths.KEPT / "collect.sqlite"


def collect_stage(params: Params, engine: Engine = "process") -> None:
    """Read the prompts, let every model answer them, write responses and their counts.

    Args:
        params: all of them.
        engine: where a live collection runs; emulated and recorded ones run here.

    Raises:
        RouteBalanceError: as the source raises it; what was paid for is in the journal.
    """
    prompts = read_rows(Paths.PROMPTS, PROMPTS)
    rows = _responses(prompts, params, engine)
    write_rows(rows, Paths.RESPONSES, RESPONSES)
    write_json(Paths.METRICS / "collect.json", _counts(rows, params.collect))


def _counts(rows: pl.DataFrame, settings: CollectParams) -> dict[str, dict[str, object]]:
    """Counts by model; for live answers with what they cost, null where a price is unknown."""
    counts = response_counts(rows)
    if settings.source == "live":
        for model, target in settings.asked.models.items():
            paid = rows.filter(pl.col("model") == model, pl.col("status") == "ok")
            asked, answered = paid.select(pl.sum("prompt_tokens", "output_tokens")).row(0)
            counts[model]["usd"] = cost_usd(asked, answered, target.price_in, target.price_out)
    return counts


def _responses(prompts: pl.DataFrame, params: Params, engine: Engine) -> pl.DataFrame:
    models, seed = params.base.fleet.models, params.base.seed
    if params.collect.source == "recorded":
        from pipeline.workload.files import read_responses

        datasets = sorted(prompts["dataset"].unique())
        recorded = read_responses(Path(params.base.data_dir), datasets, models)
        return collect_recorded(prompts, recorded, models, count_tokens)
    if params.collect.source == "scored":
        from pipeline.workload.hub import read_scored_responses

        recorded = read_scored_responses(params.prompts.scored, models)
        return collect_recorded(prompts, recorded, models, count_tokens)
    with Journal(JOURNAL) as journal:
        if params.collect.source == "emulated":
            return collect_emulated(prompts, models, seed, count_tokens, journal)
        live = params.collect.asked
        return collect_live(prompts, live, seed, count_tokens, journal, engine)
