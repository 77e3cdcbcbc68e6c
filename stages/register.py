"""Stage register: log every predictor to MLflow, register it, and write the cards."""

import json

from pipeline.files import write_folder_whole, write_json
from pipeline.params import Params
from pipeline.registry import data_card, register, trained_predictors
from pipeline.rows import DATASET
from pipeline.schema import read_rows
from pipeline.stage import Paths, run_stage


def main(params: Params) -> None:
    trained = trained_predictors(params, Paths)
    prompts = json.loads(Paths.PROMPTS_CARD.read_text(encoding="utf-8"))
    cards = {f"{params.register_.prefix}-{one.kind}": one.card for one in trained}
    cards["data"] = data_card(read_rows(Paths.DATASET, DATASET), prompts)
    with write_folder_whole(Paths.PREDICTORS / "cards") as folder:
        for name, card in cards.items():
            (folder / f"{name}.md").write_text(card, encoding="utf-8")
    entries = register(trained, params.register_)
    write_json(Paths.REGISTRY, [entry.as_dict() for entry in entries])


if __name__ == "__main__":
    run_stage(main)
