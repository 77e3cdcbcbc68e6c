"""Stage quality: calibrated quality of every model's answer, and who predicts it best."""

from pipeline.files import write_json, write_text
from pipeline.params import Params
from pipeline.predictors import (
    fit_qualities,
    labelled,
    mean_costs,
    quality_learning,
    quality_reliability,
    quality_scores,
    quality_summary,
)
from pipeline.rows import DATASET, EMBEDDINGS, LEARNING, PROMPTS, RELIABILITY, SCORES, SPLITS
from pipeline.schema import read_rows, write_rows
from pipeline.stage import Paths, run_stage


def main(params: Params) -> None:
    dataset, embeddings = read_rows(Paths.DATASET, DATASET), read_rows(Paths.EMBEDDINGS, EMBEDDINGS)
    prompts, seed, label = read_rows(Paths.PROMPTS, PROMPTS), params.base.seed, dataset["label"][0]
    fleet, told = params.base.fleet, params.quality
    train, calibration, validation, test = (
        labelled(dataset, embeddings, prompts, "quality", fleet.models, split) for split in SPLITS
    )
    cost = mean_costs(dataset, fleet.prices)
    found = fit_qualities(fleet.models, train, calibration, validation, cost, told, seed)
    found.serving.save(Paths.QUALITY)
    judged = {"validation": validation, "test": test}
    scores = quality_scores(found, train, judged, cost, label, seed)
    learning = quality_learning(found, train, calibration, test, cost, told, label, seed)
    write_rows(scores, Paths.PREDICTORS / "quality.parquet", SCORES)
    write_rows(learning, Paths.PREDICTORS / "quality_learning.parquet", LEARNING)
    reliability = quality_reliability(found, test)
    write_rows(reliability, Paths.PREDICTORS / "quality_reliability.parquet", RELIABILITY)
    write_text(Paths.PLOTS / "reliability.csv", reliability.write_csv())
    write_json(Paths.METRICS / "quality.json", quality_summary(scores))


if __name__ == "__main__":
    run_stage(main)
