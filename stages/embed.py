"""Stage embed: MiniLM embeddings of the prompts, and the leakage that only they can show."""

import polars as pl

from pipeline.files import write_json
from pipeline.minilm import encode
from pipeline.params import Params
from pipeline.rows import DATASET, EMBEDDINGS, PROMPTS
from pipeline.schema import read_rows, write_rows
from pipeline.stage import Paths, run_stage
from pipeline.workload.leakage import near_across_splits


def main(params: Params) -> None:
    prompts = read_rows(Paths.PROMPTS, PROMPTS).sort("prompt_id")
    splits = read_rows(Paths.DATASET, DATASET).unique("prompt_id").sort("prompt_id")["split"]
    vectors = encode(prompts["prompt_text"].to_list(), params.embed.batch_size)
    column = pl.Series("embedding", vectors, dtype=EMBEDDINGS.polars()["embedding"])
    write_rows(prompts.select("prompt_id").with_columns(column), Paths.EMBEDDINGS, EMBEDDINGS)
    report = near_across_splits(vectors, splits.to_list(), params.embed.leak_cosine)
    write_json(Paths.METRICS / "embed.json", report)


if __name__ == "__main__":
    run_stage(main)
