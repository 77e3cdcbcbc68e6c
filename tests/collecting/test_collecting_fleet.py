"""A live collection from the emulated fleet."""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from pipeline.collecting import collect_stage
from pipeline.collecting._question import Question
from pipeline.collecting._row import answer_row
from pipeline.fleet.live import Answered, Reply
from pipeline.fleet.server import Emulator, Settings
from pipeline.params import parse_params
from pipeline.rows import PROMPTS, RESPONSES
from pipeline.schema import read_rows, write_rows
from tests.collecting.live_cases import prompts
from tests.fleet.serving import small_fleet

TEXTS = [f"What is {number} plus {number}?" for number in range(6)]


@contextmanager
def emulated() -> Iterator[dict[str, str]]:
    """Serve a small fleet, a hundred times as fast as it is, in a thread; yield its URLs."""
    ready, urls, loop = threading.Event(), {}, asyncio.new_event_loop()

    async def serve(ended: asyncio.Event) -> None:
        settings = Settings(speed=100.0, seed=7)
        async with Emulator(small_fleet(), settings, "127.0.0.1", 0) as emulator:
            urls.update(emulator.urls)
            ready.set()
            await ended.wait()

    ended = asyncio.Event()
    thread = threading.Thread(target=loop.run_until_complete, args=(serve(ended),))
    thread.start()
    try:
        assert ready.wait(20)
        yield urls
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join(20)
        loop.close()


def test_the_stage_collects_from_the_emulated_fleet(
    tmp_path: Path, raw_params: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_rows(prompts(*TEXTS), Path("data/prompts.parquet"), PROMPTS)
    with emulated() as urls:
        small = {"endpoint": urls["small-0"], "model": "emu-small", "price_in": 1.0}
        large = {"endpoint": urls["large-0"], "model": "emu-large", "price_in": 1.0}
        models = {
            "emu-3b": small | {"price_out": 2.0}, "emu-7b": small,
            "emu-14b": large, "emu-72b": large | {"concurrency": 1},
        }  # fmt: skip
        raw_params["collect"] = {
            "source": "live",
            "live": {"models": models, "sampling": {"max_tokens": 12}},
        }
        collect_stage(parse_params(raw_params))
    rows = read_rows(Path("data/responses.parquet"), RESPONSES)
    assert (rows.height, rows["label"].unique().to_list()) == (24, ["emulated"])
    assert rows["status"].unique().to_list() == ["ok"]
    assert rows["output_tokens_source"].unique().to_list() == ["reported"]
    assert (rows["output_tokens"] <= 12).all()
    assert (rows["token_s"].list.len() > 0).all()
    assert (rows["ttft_s"] <= rows["e2e_s"]).all()
    counts = json.loads(Path("reports/metrics/collect.json").read_text())
    of_one = rows.filter(model="emu-3b")
    paid = of_one["prompt_tokens"].sum() * 1e-6 + of_one["output_tokens"].sum() * 2e-6
    assert counts["emu-3b"]["usd"] == pytest.approx(paid)
    assert counts["emu-7b"]["usd"] is None
    assert counts["emu-3b"]["flags"].get("cut", 0) == of_one["finish_reason"].eq("length").sum()


def test_halves_of_a_character_in_two_events_are_one() -> None:
    reply = Reply()
    for at, piece in enumerate(("\\ud83d", "\\ude00!", "\\ud83d")):
        reply.absorb(b'{"choices":[{"delta":{"content":"%s"}}]}' % piece.encode(), float(at))
    row = answer_row(Answered(0.0, reply, done=3.0), Question("k", "q", 1), "live")
    assert row["response_text"] == "\N{GRINNING FACE}!\N{REPLACEMENT CHARACTER}"
