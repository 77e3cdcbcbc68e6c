"""What is measured on a real vLLM, kept in files, so that a broken run goes on where it stopped."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from benchmarks._vllm_server import BATCHED_TOKENS, MAX_NUM_SEQS, STORE
from pipeline.files import write_text
from pipeline.fleet import Limits, replay
from pipeline.fleet.live import (
    LIVE_REQUESTS,
    Asked,
    Client,
    LiveFit,
    Spread,
    Sweep,
    Target,
    draw_prompt,
    fit_live,
    open_arrivals,
    read_live,
    run_open,
    sweep,
    tokens_per_word,
    widths_up_to,
)
from pipeline.fleet.telemetry import parse_metrics
from pipeline.progress import say
from pipeline.schema import write_rows
from pipeline.streams import stream

__all__ = ["LOADS", "Kept", "fitted", "limits_of", "measure"]

SEED = 1
SWEEP_S = 14.0
UNSEEN_S = 20.0
REPEATS = 3
# Shares of what the fitted engine serves when it is never idle.
LOADS = (0.4, 0.7)
_CROWD = 400

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Kept:
    """The files of one model size."""

    size: str
    folder: Path = STORE / "measured"

    @property
    def sweep(self) -> Path:
        """Rows of the sweep that the profile is fitted to."""
        return self.folder / f"{self.size}-sweep.parquet"

    @property
    def unseen(self) -> Path:
        """Rows of the workload that the profile never saw."""
        return self.folder / f"{self.size}-unseen.parquet"

    def page(self, when: str) -> Path:
        """The server's /metrics `before` or `after` that workload."""
        return self.folder / f"{self.size}-{when}.txt"

    @property
    def complete(self) -> bool:
        """Whether nothing is left to measure."""
        return self.sweep.exists() and self.unseen.exists()


def measure(url: str, kept: Kept) -> None:
    """Measure what is missing: the sweep, then the unseen workload at rates that follow from it."""
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        if not kept.sweep.exists():
            runner.run(_measure_sweep(url, kept))
        # Between the two, because a loop that fits cannot look after its connections.
        capacity = _capacity(fitted(kept), limits_of(kept))
        runner.run(_measure_unseen(url, kept, capacity))


async def _measure_sweep(url: str, kept: Kept) -> None:
    plan = Sweep(Spread.within(2048), SWEEP_S, widths_up_to(MAX_NUM_SEQS), seed=SEED)
    async with Client(url) as client:
        rows = await sweep(Target(client, kept.size), plan)
        write_text(kept.page("before"), await _page(client))
    write_rows(rows, kept.sweep, LIVE_REQUESTS)


async def _measure_unseen(url: str, kept: Kept, capacity: float) -> None:
    async with Client(url) as client:
        write_text(kept.page("before"), await _page(client))
        rows = await _unseen(Target(client, kept.size), capacity)
        write_text(kept.page("after"), await _page(client))
    write_rows(rows, kept.unseen, LIVE_REQUESTS)


def fitted(kept: Kept) -> LiveFit:
    """Fit the iteration time to the rows of the sweep."""
    return fit_live(read_live(kept.sweep), limits_of(kept))


def limits_of(kept: Kept) -> Limits:
    """What the server holds and serves, by its own account and its command line."""
    tokens = parse_metrics(kept.page("before").read_text()).kv_tokens
    if tokens is None:
        raise SystemExit(f"{kept.page('before')}: the server does not state its KV cache")
    return Limits(tokens, MAX_NUM_SEQS, BATCHED_TOKENS)


async def _page(client: Client) -> str:
    text = await client.metrics()
    if text is None:
        raise SystemExit(f"{client.url}/metrics: nothing there, but vLLM has it")
    return text


async def _unseen(target: Target, capacity: float) -> pl.DataFrame:
    """Offer each rate once a round, so that drift of the machine falls on both alike."""
    per_word = await tokens_per_word(target)
    runs = []
    for repeat in range(REPEATS):
        for load in LOADS:
            rate = float(f"{load * capacity:.3g}")
            say(f"unseen workload at {rate:g} requests/s, round {repeat + 1} of {REPEATS}")
            rng = stream(SEED, "unseen", load, repeat)
            arrivals = open_arrivals(rate, UNSEEN_S, rng)
            rows = await run_open(target, _asked(per_word, rng), arrivals, rate, lambda _: "test")
            name = pl.lit(f"{load:g} of capacity, round {repeat + 1}")
            runs.append(rows.with_columns(run=name))
    return pl.concat(runs)


def _asked(per_word: float, rng: np.random.Generator) -> Iterator[Asked]:
    while True:
        prompt, output = _lengths(1, rng)
        yield Asked(draw_prompt(int(prompt[0]), per_word, rng), int(output[0]))


def _lengths(count: int, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Lognormal prompt and output tokens, where the sweep's are log-uniform; both (count,)."""
    prompt = np.exp(rng.normal(np.log(150), 0.6, count)).round().clip(16, 1200)
    output = np.exp(rng.normal(np.log(48), 0.7, count)).round().clip(4, 240)
    return prompt.astype(np.int64), output.astype(np.int64)


def _capacity(fit: LiveFit, limits: Limits) -> float:
    """Requests per second that the fitted engine serves of the unseen lengths when never idle."""
    prompt, output = _lengths(_CROWD, stream(SEED, "unseen", "capacity"))
    chosen, at_once = np.zeros(_CROWD, np.int64), np.zeros(_CROWD)
    return _CROWD / float(replay([fit.step], [limits], chosen, at_once, prompt, output).done.max())
