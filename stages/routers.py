"""Stage routers: the learned routers that ours is compared with."""

from pipeline.files import write_json
from pipeline.params import Params
from pipeline.rows import DATASET, EMBEDDINGS, PROMPTS
from pipeline.scheduling.baselines import (
    evaluate_routers,
    fit_routers,
    router_data,
    save_routers,
)
from pipeline.schema import read_rows
from pipeline.stage import Paths, run_stage


def main(params: Params) -> None:
    dataset = read_rows(Paths.DATASET, DATASET)
    embeddings = read_rows(Paths.EMBEDDINGS, EMBEDDINGS)
    prompts = read_rows(Paths.PROMPTS, PROMPTS)
    train, validation = (
        router_data(dataset, embeddings, prompts, params.base.fleet.prices, split)
        for split in ("train", "validation")
    )
    routers = fit_routers(params.routers, train, validation, params.base.seed)
    save_routers(routers, train.models, Paths.ROUTERS)
    write_json(Paths.METRICS / "routers.json", evaluate_routers(routers, train, validation))


if __name__ == "__main__":
    run_stage(main)
