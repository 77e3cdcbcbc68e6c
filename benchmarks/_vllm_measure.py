"""What is measured on a real vLLM, kept in files, so that a broken run goes on where it stopped."""

import asyncio
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
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
SWEEP_S = 4.0
UNSEEN_S = 16.0
ROUNDS = (1, 2, 3, 4, 5, 6)
# Shares of what the fitted engine serves when it is never idle.
LOADS = (0.4, 0.7)
_CROWD = 400

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Kept:
    """The files of one model size."""

    size: str
    folder: Path = STORE / "measured"

    def sweep(self, number: int) -> Path:
        """Rows of the sweep of a round, which the profile is fitted to."""
        return self.folder / f"{self.size}-sweep-{number}.parquet"

    def unseen(self, number: int) -> Path:
        """Rows of the workload of a round that the profile never saw."""
        return self.folder / f"{self.size}-unseen-{number}.parquet"

    def pages(self, number: int) -> tuple[Path, Path]:
        """The server's /metrics before and after the unseen workload of a round."""
        name = f"{self.size}-{number}.txt"
        return self.folder / f"before-{name}", self.folder / f"after-{name}"

    @property
    def complete(self) -> bool:
        """Whether nothing is left to measure."""
        return all(self.sweep(n).exists() and self.unseen(n).exists() for n in ROUNDS)


def measure(url: str, kept: Kept) -> None:
    """Measure what is missing, round by round: a sweep, then the unseen workload.

    Its rates follow from the first sweep. The two alternate because the speed of a small machine
    wanders by a tenth within minutes, which would be taken for an error of the simulation.
    """
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        for number in ROUNDS:
            if not kept.sweep(number).exists():
                runner.run(_measure_sweep(url, kept, number))
            # Outside the loop, because a loop that fits cannot look after its connections.
            if not kept.unseen(number).exists():
                capacity = _capacity(kept)
                runner.run(_measure_unseen(url, kept, number, capacity))


async def _measure_sweep(url: str, kept: Kept, number: int) -> None:
    rates = () if number == ROUNDS[0] else _rates(kept)
    widths = widths_up_to(MAX_NUM_SEQS)
    plan = Sweep(Spread.within(2048), SWEEP_S, widths, rates, seed=SEED + number)
    async with Client(url) as client:
        rows = await sweep(Target(client, kept.size, "live"), plan)
    write_text(kept.pages(number)[0], _page(url))
    named = pl.concat_str("run", pl.lit(f" of round {number}"))
    write_rows(rows.with_columns(run=named), kept.sweep(number), LIVE_REQUESTS)


def _rates(kept: Kept) -> tuple[float, ...]:
    """Open-loop rates of the first sweep, so that all of them are repeats."""
    rates = read_live(kept.sweep(ROUNDS[0]))["rate"]
    return tuple(rates.drop_nulls().unique(maintain_order=True))


async def _measure_unseen(url: str, kept: Kept, number: int, capacity: float) -> None:
    async with Client(url) as client:
        rows = await _unseen(Target(client, kept.size, "live"), number, capacity)
    write_text(kept.pages(number)[1], _page(url))
    write_rows(rows, kept.unseen(number), LIVE_REQUESTS)


def fitted(kept: Kept, rounds: tuple[int, ...] = ROUNDS) -> LiveFit:
    """Fit the iteration time to the rows of the sweeps."""
    rows = pl.concat([read_live(kept.sweep(number)) for number in rounds])
    return fit_live(rows, limits_of(kept))


def limits_of(kept: Kept) -> Limits:
    """What the server holds and serves, by its own account and its command line."""
    page = kept.pages(ROUNDS[0])[0]
    tokens = parse_metrics(page.read_text()).kv_tokens
    if tokens is None:
        raise SystemExit(f"{page}: the server does not state its KV cache")
    return Limits(tokens, MAX_NUM_SEQS, BATCHED_TOKENS)


def _page(url: str) -> str:
    with urllib.request.urlopen(f"{url}/metrics", timeout=5) as page:
        return str(page.read(), "utf-8")


async def _unseen(target: Target, number: int, capacity: float) -> pl.DataFrame:
    """Offer each rate once."""
    per_word = await tokens_per_word(target)
    runs = []
    for load in LOADS:
        rate = float(f"{load * capacity:.3g}")
        say(f"unseen workload at {rate:g} requests/s, round {number} of {len(ROUNDS)}")
        rng = stream(SEED, "unseen", load, number)
        arrivals = open_arrivals(rate, UNSEEN_S, rng)
        rows = await run_open(target, _asked(per_word, rng), arrivals, rate, lambda _: "test")
        name = pl.lit(f"{load:g} of capacity, round {number}")
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


@cache
def _capacity(kept: Kept) -> float:
    """Requests/s of the unseen lengths that the engine of the first sweep serves, never idle."""
    fit, limits = fitted(kept, ROUNDS[:1]), limits_of(kept)
    prompt, output = _lengths(_CROWD, stream(SEED, "unseen", "capacity"))
    chosen, at_once = np.zeros(_CROWD, np.int64), np.zeros(_CROWD)
    return _CROWD / float(replay([fit.step], [limits], chosen, at_once, prompt, output).done.max())
