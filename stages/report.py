"""Stage report: one self-contained page, and the figures as vector files."""

from importlib.metadata import version

from pipeline.files import file_hash, write_folder_whole, write_text
from pipeline.params import Params
from pipeline.reporting.page import compose, draw, read_inputs, render
from pipeline.stage import Paths, run_stage

LIBRARIES = ("routebalance", "numpy", "polars", "xgboost", "torch", "transformers", "deepeval")


def main(params: Params) -> None:
    inputs = read_inputs(Paths.METRICS.parent, Paths.PROMPTS_CARD)
    figures = draw(inputs, params)
    provenance = {
        "seed": params.base.seed,
        "data": inputs.card["origin"],
        "sha256": {"data/requests": file_hash(Paths.REQUESTS)},
        "versions": {name: version(name) for name in LIBRARIES},
        "fleet": dict(params.base.fleet.instances),
        "arms": {name: str(arm) for name, arm in params.loadtest.arms.items()},
    }
    page = render(compose(inputs, params, figures, provenance))
    with write_folder_whole(Paths.FIGURES) as folder:
        for name, svg in figures.items():
            write_text(folder / f"{name}.svg", svg)
    write_text(Paths.REPORT, page)


if __name__ == "__main__":
    run_stage(main)
