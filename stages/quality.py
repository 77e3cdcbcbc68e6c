"""Stage quality: calibrated per-model quality of a prompt."""

from pipeline.files import write_json, write_text
from pipeline.params import Params
from pipeline.predictors import (
    QualityModel,
    evaluate_quality,
    labelled,
    reliability,
    save_quality,
)
from pipeline.rows import DATASET, EMBEDDINGS
from pipeline.schema import read_rows
from pipeline.stage import Paths, run_stage


def main(params: Params) -> None:
    dataset = read_rows(Paths.DATASET, DATASET)
    embeddings = read_rows(Paths.EMBEDDINGS, EMBEDDINGS)
    models = params.base.fleet.models
    train, calibration, test = (
        labelled(dataset, embeddings, "quality", models, split)
        for split in ("train", "calibration", "test")
    )
    model = QualityModel(params.quality.k, params.quality.level).fit(
        models, train.embeddings, train.values, calibration.embeddings, calibration.values
    )
    save_quality(model, Paths.QUALITY)
    write_json(Paths.METRICS / "quality.json", evaluate_quality(model, train, test))
    write_text(Paths.PLOTS / "reliability.csv", reliability(model, test).write_csv())


if __name__ == "__main__":
    run_stage(main)
