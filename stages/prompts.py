"""Stage prompts: which prompts, from where, under which licence."""

from pathlib import Path

import polars as pl

from pipeline.files import file_hash, write_json
from pipeline.params import Params
from pipeline.rows import PROMPTS
from pipeline.schema import write_rows
from pipeline.stage import Paths, run_stage


def main(params: Params) -> None:
    chosen = params.prompts
    if chosen.source == "generated":
        from pipeline.workload.generated import generate

        rows = generate(chosen.per_family, params.base.seed)
        origin: dict[str, int | str] = {"seed": params.base.seed}
    else:
        from pipeline.workload.files import read_prompts

        folder = Path(params.base.data_dir)
        rows = read_prompts(folder, chosen.datasets, chosen.per_dataset)
        origin = {"prompts_sha256": file_hash(folder / "prompts.parquet")}
    write_rows(rows, Paths.PROMPTS, PROMPTS)
    counts = rows.group_by("dataset", "task", "licence").agg(
        pl.len().alias("prompts"), pl.col("reference_text").count().alias("with_reference")
    )
    card = {"source": chosen.source, "origin": origin}
    write_json(Paths.PROMPTS_CARD, card | {"datasets": counts.sort("dataset").to_dicts()})


if __name__ == "__main__":
    run_stage(main)
