"""Stage judge: how good is each answer, according to whom."""

from pipeline.files import write_json, write_text
from pipeline.journal import Journal
from pipeline.judging import agreement, judge, judge_counts
from pipeline.minilm import encode
from pipeline.params import Params
from pipeline.rows import JUDGEMENTS, PROMPTS, RESPONSES
from pipeline.schema import read_rows, write_rows
from pipeline.stage import Paths, run_stage


def main(params: Params) -> None:
    prompts = read_rows(Paths.PROMPTS, PROMPTS)
    responses = read_rows(Paths.RESPONSES, RESPONSES)
    with Journal(Paths.KEPT / "judge.sqlite") as journal:
        rows = judge(prompts, responses, params.judge, journal, encode)
    write_rows(rows, Paths.JUDGEMENTS, JUDGEMENTS)
    write_text(Paths.AGREEMENT, agreement(rows).write_csv())
    write_json(Paths.METRICS / "judge.json", judge_counts(rows))


if __name__ == "__main__":
    run_stage(main)
