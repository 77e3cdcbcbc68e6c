"""Stage dataset: labels and group-aware splits."""

import polars as pl

from pipeline.files import write_json
from pipeline.params import Params
from pipeline.rows import DATASET, JUDGEMENTS, PROMPTS, RESPONSES
from pipeline.schema import read_rows, write_rows
from pipeline.stage import Paths, run_stage
from pipeline.workload.dataset import make_dataset
from pipeline.workload.splits import assign_splits


def main(params: Params) -> None:
    prompts = read_rows(Paths.PROMPTS, PROMPTS)
    responses = read_rows(Paths.RESPONSES, RESPONSES)
    judgements = read_rows(Paths.JUDGEMENTS, JUDGEMENTS)
    chosen = params.dataset
    splits = assign_splits(prompts, chosen.splits, chosen.near_duplicate_jaccard)
    rows = make_dataset(prompts, responses, judgements, splits, chosen.quality_source)
    write_rows(rows, Paths.DATASET, DATASET)
    missing = {
        "rows_without_quality": int(rows["quality"].null_count()),
        "rows_without_length": int(rows["output_tokens"].null_count()),
    }
    means = rows.group_by("model").agg(pl.col("quality").mean()).sort("model")
    quality = {"quality_source": chosen.quality_source, "mean_quality": dict(means.iter_rows())}
    write_json(Paths.METRICS / "dataset.json", splits.report | missing | quality)


if __name__ == "__main__":
    run_stage(main)
