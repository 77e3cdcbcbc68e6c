"""Stage report: one self-contained page, its figures as vector files, its tables for papers."""

from pipeline.files import write_text
from pipeline.params import Params
from pipeline.reporting.page import (
    compose,
    draw,
    provenance,
    read_inputs,
    render,
    write_figures,
    write_tables,
)
from pipeline.stage import Paths, run_stage

SOURCES = {
    "data/prompts.parquet": Paths.PROMPTS,
    "data/dataset.parquet": Paths.DATASET,
    "data/requests": Paths.REQUESTS,
    "models/quality": Paths.QUALITY,
    "models/length": Paths.LENGTH,
    "models/latency": Paths.LATENCY,
    "models/routers": Paths.ROUTERS,
}


def main(params: Params) -> None:
    inputs = read_inputs(Paths.METRICS.parent, Paths.PROMPTS_CARD)
    figures = draw(inputs, params)
    context = compose(inputs, params, figures, provenance(params, inputs.card, SOURCES))
    write_figures(figures, Paths.FIGURES)
    write_tables(context, Paths.TABLES)
    write_text(Paths.REPORT, render(context))


if __name__ == "__main__":
    run_stage(main)
