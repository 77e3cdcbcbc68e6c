"""The stage judge: from files to files."""

from pipeline.engine import Engine
from pipeline.files import write_json, write_text
from pipeline.journal import Journal
from pipeline.judging._agreement import agreement
from pipeline.judging._audit import audit, position_pairs
from pipeline.judging._runner import judge
from pipeline.judging._summary import judge_counts, pair_counts
from pipeline.minilm import encode
from pipeline.params import Params
from pipeline.rows import JUDGEMENTS, PROMPTS, RESPONSES
from pipeline.schema import read_rows, write_rows
from pipeline.stage import Paths

__all__ = ["JOURNAL", "judge_stage"]

JOURNAL = Paths.KEPT / "judge.sqlite"


def judge_stage(params: Params, engine: Engine = "process") -> None:
    """Read prompts and responses; write judgements, agreement, audit and counts.

    Raises RouteBalanceError, as `judge`.
    """
    prompts = read_rows(Paths.PROMPTS, PROMPTS)
    responses = read_rows(Paths.RESPONSES, RESPONSES)
    settings, seed = params.judge, params.base.seed
    with Journal(JOURNAL) as journal:
        pairs = position_pairs(prompts, responses, settings, seed)
        rows = judge(prompts, responses, settings, journal, encode, pairs=pairs, engine=engine)
        audited = audit(rows, prompts, responses, settings, pairs, journal, seed)
        told = journal.get_many(pair.key for pair in pairs)
    write_rows(rows, Paths.JUDGEMENTS, JUDGEMENTS)
    write_text(Paths.AGREEMENT, agreement(rows, prompts, seed).write_csv())
    write_text(Paths.JUDGE_AUDIT, audited.write_csv())
    write_json(Paths.METRICS / "judge.json", judge_counts(rows) | pair_counts(pairs, told))
