"""Stage length: expected output length and its distribution, with conformal bounds."""

import polars as pl

from pipeline.files import write_json
from pipeline.params import Params
from pipeline.predictors import LengthModel, evaluate_length, labelled
from pipeline.predictors.learners import Knn
from pipeline.rows import DATASET, EMBEDDINGS, PROMPTS
from pipeline.schema import read_rows
from pipeline.stage import Paths, run_stage


def main(params: Params) -> None:
    # A length that stands for a model's median says nothing of its prompt, so none is learned.
    guessed = pl.col("output_tokens_source").str.starts_with("estimated:model").fill_null(True)
    known = pl.when(~guessed).then("output_tokens").alias("output_tokens")
    dataset = read_rows(Paths.DATASET, DATASET).with_columns(known)
    embeddings = read_rows(Paths.EMBEDDINGS, EMBEDDINGS)
    prompts = read_rows(Paths.PROMPTS, PROMPTS)
    models, chosen = params.base.fleet.models, params.length
    train, calibration, test = (
        labelled(dataset, embeddings, prompts, "output_tokens", models, split)
        for split in ("train", "calibration", "test")
    )
    model = LengthModel(Knn(chosen.k), chosen.level).fit(
        models, train.prompts, train.values, calibration.prompts, calibration.values
    )
    model.save(Paths.LENGTH)
    write_json(Paths.METRICS / "length.json", evaluate_length(model, test))


if __name__ == "__main__":
    run_stage(main)
