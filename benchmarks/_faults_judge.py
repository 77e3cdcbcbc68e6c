"""A judge that talks nonsense, and is then well. Label: live, of a scripted judge."""

import asyncio
import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import polars as pl
from aiohttp import web

from benchmarks._faults_outcome import Outcome
from pipeline.journal import Journal
from pipeline.judging import judge
from pipeline.params import JudgeParams
from pipeline.rows import PROMPTS, RESPONSES

__all__ = ["judge_nonsense"]

_CASE = re.compile(r"reply-(\d+)")
_TIMEOUT_S = 0.5
_GOOD = '{"score": 8, "reason": "it names them"}'
# What a judge may say: status and body, or None for nothing at all. The last one is a verdict.
_SAYINGS: tuple[tuple[str, int, str | None], ...] = (
    ("a page of HTML", 200, "<html><body>Welcome</body></html>"),
    ("half a JSON", 200, '{"score": 8, "rea'),
    ("a score of 11", 200, '{"score": 11, "reason": "better than good"}'),
    ("a score of -3", 200, '{"score": -3, "reason": "worse than bad"}'),
    ("other keys", 200, '{"grade": "A"}'),
    ("no words", 200, ""),
    ("HTTP 500", 500, "no"),
    ("silence", 200, None),
    ("a verdict", 200, _GOOD),
)


@dataclass
class _Judge:
    """Says by case what it is told to say; counts what it said."""

    well: bool = False
    verdicts: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)

    async def handle(self, request: web.Request) -> web.Response:
        prompt = (await request.json())["messages"][0]["content"]
        [case] = set(_CASE.findall(prompt))
        name, status, said = _SAYINGS[-1 if self.well else int(case) % len(_SAYINGS)]
        self.asked[case] += 1
        if said is None:
            await asyncio.sleep(4 * _TIMEOUT_S)
        if name == "a page of HTML" or status != 200:
            return web.Response(status=status, text=said, content_type="text/html")
        self.verdicts[case] += said == _GOOD
        return web.json_response(_completion(said or ""))


def judge_nonsense(cases: int) -> Outcome:
    """Judge so many responses twice: by a judge out of its mind, then by one that is well."""
    return asyncio.run(_judged(cases))


async def _judged(cases: int) -> Outcome:
    server = _Judge()
    app = web.Application()
    app.router.add_post("/v1/chat/completions", server.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
        with TemporaryDirectory() as folder:
            mad = await asyncio.to_thread(_rows, cases, url, Path(folder))
            server.well = True
            asked_before, kept = dict(server.asked), dict(server.verdicts)
            well = await asyncio.to_thread(_rows, cases, url, Path(folder))
    finally:
        await runner.cleanup()
    broken = []
    scored = mad.filter(pl.col("score").is_not_null())
    if not (scored["score"] == 0.8).all() or scored.height != sum(kept.values()):
        broken.append("nonsense has a score")
    if mad.filter(pl.col("score").is_null() & pl.col("failure").is_null()).height:
        broken.append("a verdict is null without a reason")
    if not (well["score"] == 0.8).all():
        broken.append("a well judge left a null behind")
    again = sum(server.asked[case] - asked_before.get(case, 0) for case in kept if kept[case])
    return Outcome(
        fault="judge",
        done=f"{cases} responses: {', '.join(name for name, *_ in _SAYINGS[:-1])}; then well",
        scheduled=cases,
        rows=mad.height,
        ok=scored.height,
        failed=mad.height - scored.height,
        retried=sum(asked_before.values()) - cases,
        paid_twice=again,
        broken=broken,
        notes=f"{well['score'].count()} of {cases} verdicts after the next run",
    )


def _rows(cases: int, url: str, folder: Path) -> pl.DataFrame:
    """JUDGEMENTS rows of the language model alone."""
    settings = JudgeParams.model_validate(
        {
            "similarity": False,
            "judges": {"mad": {"endpoint": url, "model": "mad", "timeout_s": _TIMEOUT_S,
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


def _completion(content: str) -> dict[str, Any]:
    message = {"role": "assistant", "content": content}
    return {
        "id": "judged",
        "object": "chat.completion",
        "created": 0,
        "model": "mad",
        "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
        "usage": {"prompt_tokens": 9, "completion_tokens": 9, "total_tokens": 18},
    }
