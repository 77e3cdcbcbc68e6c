"""Stage collect: what does every model answer."""

from pathlib import Path

from pipeline.files import write_json
from pipeline.journal import Journal
from pipeline.minilm import count_tokens
from pipeline.params import Params
from pipeline.rows import PROMPTS, RESPONSES
from pipeline.schema import read_rows, write_rows
from pipeline.stage import Paths, run_stage
from pipeline.workload.collect import collect_emulated, collect_recorded, response_counts


def main(params: Params) -> None:
    prompts = read_rows(Paths.PROMPTS, PROMPTS)
    models = params.base.fleet.models
    if params.collect.source == "emulated":
        with Journal(Paths.KEPT / "collect.sqlite") as journal:
            rows = collect_emulated(prompts, models, params.base.seed, count_tokens, journal)
    else:
        from pipeline.workload.files import read_responses

        datasets = sorted(prompts["dataset"].unique())
        recorded = read_responses(Path(params.base.data_dir), datasets, models)
        rows = collect_recorded(prompts, recorded, models, count_tokens)
    write_rows(rows, Paths.RESPONSES, RESPONSES)
    write_json(Paths.METRICS / "collect.json", response_counts(rows))


if __name__ == "__main__":
    run_stage(main)
