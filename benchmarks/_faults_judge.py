"""A judge that talks nonsense, and is then well. Label: live, of a scripted judge."""

from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl

from benchmarks._faults_judge_server import SAYINGS, TIMEOUT_S, serving_judge
from benchmarks._faults_outcome import Outcome
from pipeline.journal import Journal
from pipeline.judging import judge
from pipeline.params import JudgeParams
from pipeline.rows import PROMPTS, RESPONSES

__all__ = ["judge_nonsense"]

_SCORE = 0.8  # of every verdict


def judge_nonsense(cases: int) -> Outcome:
    """Judge so many responses twice: by a judge out of its mind, then by one that is well."""
    with serving_judge() as server, TemporaryDirectory() as folder:
        mad = _rows(cases, server.url, Path(folder))
        asked, kept = len(server.asked), [case for case, n in server.verdicts.items() if n]
        server.well = True
        well = _rows(cases, server.url, Path(folder))
        again = Counter(server.asked[asked:])
    scored = mad.filter(pl.col("score").is_not_null())
    broken = []
    if not (scored["score"] == _SCORE).all() or scored.height != len(kept):
        broken.append("nonsense has a score")
    if mad.filter(pl.col("score").is_null() & pl.col("failure").is_null()).height:
        broken.append("a verdict is null without a reason")
    if not (well["score"] == _SCORE).all() or well["score"].count() != cases:
        broken.append("a well judge left a null behind")
    return Outcome(
        fault="judge",
        done=f"{', '.join(name for name, *_ in SAYINGS[:-1])}; the next run asks a well judge",
        scheduled=cases,
        rows=mad.height,
        ok=scored.height,
        failed=mad.height - scored.height,
        retried=asked - cases,
        paid_twice=sum(again[case] for case in kept),
        broken=broken,
        notes=f"then {well['score'].count()} of {cases} verdicts",
    )


def _rows(cases: int, url: str, folder: Path) -> pl.DataFrame:
    """JUDGEMENTS rows of the language model alone."""
    settings = JudgeParams.model_validate(
        {
            "similarity": False,
            "judges": {"mad": {"endpoint": url, "model": "mad", "timeout_s": TIMEOUT_S,
                               "attempts": 2}},
            "audit": {"position_pairs": 0},
            "max_usd": None,
        }
    )  # fmt: skip
    prompts = PROMPTS.frame(_prompt(number) for number in range(cases))
    responses = RESPONSES.frame(_response(number) for number in range(cases))
    with Journal(folder / "judge.sqlite") as journal:
        rows = judge(prompts, responses, settings, journal, None)
    return rows.filter(quality_source="g_eval:mad")


def _prompt(number: int) -> dict[str, Any]:
    return {
        "prompt_id": f"p{number}",
        "dataset": "rivers",
        "task": "open",
        "group_id": f"p{number}",
        "prompt_text": "Which rivers are there?",
        "reference_text": "Many.",
        "category": None,
        "difficulty": None,
        "source": "generated",
        "licence": "CC0-1.0",
    }


def _response(number: int) -> dict[str, Any]:
    return dict.fromkeys(RESPONSES.names) | {
        "prompt_id": f"p{number}",
        "model": "m",
        "response_text": f"reply-{number}",
        "status": "ok",
        "prompt_tokens": 5,
        "prompt_tokens_source": "reported",
        "output_tokens": 5,
        "output_tokens_source": "reported",
        "label": "live",
    }
