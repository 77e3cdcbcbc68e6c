"""Stage quality: calibrated per-model quality of a prompt."""

from pipeline.files import write_json, write_text
from pipeline.params import Params
from pipeline.predictors import (
    QualityModel,
    evaluate_quality,
    labelled,
    reliability,
)
from pipeline.predictors.learners import Knn
from pipeline.rows import DATASET, EMBEDDINGS, PROMPTS
from pipeline.schema import read_rows
from pipeline.stage import Paths, run_stage


def main(params: Params) -> None:
    dataset = read_rows(Paths.DATASET, DATASET)
    embeddings = read_rows(Paths.EMBEDDINGS, EMBEDDINGS)
    prompts = read_rows(Paths.PROMPTS, PROMPTS)
    models = params.base.fleet.models
    train, calibration, test = (
        labelled(dataset, embeddings, prompts, "quality", models, split)
        for split in ("train", "calibration", "test")
    )
    told = params.quality
    model = QualityModel(Knn(told.k), told.level, told.calibration).fit(
        models,
        train.prompts,
        train.values,
        calibration.prompts,
        calibration.values,
        calibration.group_ids,
    )
    model.save(Paths.QUALITY)
    write_json(Paths.METRICS / "quality.json", evaluate_quality(model, train, test))
    write_text(Paths.PLOTS / "reliability.csv", reliability(model, test).write_csv())


if __name__ == "__main__":
    run_stage(main)
