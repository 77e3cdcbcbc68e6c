"""Stage length: expected output length and its distribution, with conformal bounds."""

import polars as pl

from pipeline.files import write_json
from pipeline.params import Params
from pipeline.predictors import (
    fit_lengths,
    labelled,
    length_budgets,
    length_learning,
    length_scores,
    length_summary,
)
from pipeline.rows import DATASET, EMBEDDINGS, LEARNING, PROMPTS, SCORES, SPLITS
from pipeline.schema import read_rows, write_rows
from pipeline.stage import Paths, run_stage


def main(params: Params) -> None:
    # A length that stands for a model's median says nothing of its prompt, so none is learned.
    guessed = pl.col("output_tokens_source").str.starts_with("estimated:model").fill_null(True)
    known = pl.when(~guessed).then("output_tokens").alias("output_tokens")
    dataset = read_rows(Paths.DATASET, DATASET).with_columns(known)
    embeddings, prompts = read_rows(Paths.EMBEDDINGS, EMBEDDINGS), read_rows(Paths.PROMPTS, PROMPTS)
    models, seed, label = params.base.fleet.models, params.base.seed, dataset["label"][0]
    train, calibration, validation, test = (
        labelled(dataset, embeddings, prompts, "output_tokens", models, split) for split in SPLITS
    )
    found = fit_lengths(models, train, calibration, validation, params.length, seed)
    found.serving.save(Paths.LENGTH)
    judged = {"validation": validation, "test": test}
    scores = length_scores(found, judged, length_budgets(train.values), label, seed)
    learning = length_learning(found, train, calibration, test, params.length, label, seed)
    write_rows(scores, Paths.PREDICTORS / "length.parquet", SCORES)
    write_rows(learning, Paths.PREDICTORS / "length_learning.parquet", LEARNING)
    write_json(Paths.METRICS / "length.json", length_summary(scores))


if __name__ == "__main__":
    run_stage(main)
