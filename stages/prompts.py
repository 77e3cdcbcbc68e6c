"""Stage prompts: which prompts, from where, under which licence."""

from pathlib import Path
from typing import Any

import polars as pl

from pipeline.files import file_hash, write_json
from pipeline.params import Params
from pipeline.rows import PROMPTS
from pipeline.schema import write_rows
from pipeline.stage import Paths, run_stage


def main(params: Params) -> None:
    rows, origin = _read(params)
    write_rows(rows, Paths.PROMPTS, PROMPTS)
    counts = rows.group_by("dataset", "task", "licence").agg(
        pl.len().alias("prompts"), pl.col("reference_text").count().alias("with_reference")
    )
    card = {"source": params.prompts.source, "origin": origin}
    write_json(Paths.PROMPTS_CARD, card | {"datasets": counts.sort("dataset", "task").to_dicts()})


def _read(params: Params) -> tuple[pl.DataFrame, dict[str, Any]]:
    """PROMPTS rows, and what they were made from."""
    chosen, seed = params.prompts, params.base.seed
    if chosen.source == "generated":
        from pipeline.workload.generated import generate

        return generate(chosen.per_family, seed), {"seed": seed}
    if chosen.source == "files":
        from pipeline.workload.files import read_prompts

        folder = Path(params.base.data_dir)
        rows = read_prompts(folder, chosen.datasets, chosen.per_dataset)
        return rows, {"prompts_sha256": file_hash(folder / "prompts.parquet")}
    if chosen.source == "scored":
        from pipeline.workload.hub import read_scored_prompts

        return read_scored_prompts(chosen.scored, chosen.per_dataset)
    from pipeline.judging import is_refusal
    from pipeline.minilm import count_tokens
    from pipeline.workload.hub import read_hub

    read = read_hub(chosen.hub, seed, count_tokens, is_refusal)
    return read.rows, {"seed": seed, "asked_for": chosen.hub.total, "sets": read.sets}


if __name__ == "__main__":
    run_stage(main)
