"""A sweep over a live server: warm-up, closed loops of growing width, open loops at several rates.

A closed loop of one client shows time to first token against prompt length and the pace of a lone
stream; wider ones show how an iteration grows with the batch; open loops show all of it together,
at loads like those that the profile is for. All of that is repeated in several passes, so that a
machine that is slow for a while is not taken for one that is slow at some width.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import polars as pl

from pipeline.errors import EndpointError
from pipeline.fleet.live._plan import Asked, Spread, draw_lengths, draw_prompt, open_arrivals
from pipeline.fleet.live._runs import Target, run_closed, run_open
from pipeline.progress import say
from pipeline.streams import stream

__all__ = ["Sweep", "questions", "sweep", "throughput", "tokens_per_word", "widths_up_to"]

# Shares of the throughput that the widest closed loop reached.
_LOADS = (0.3, 0.55, 0.8)
_HELD_OUT_EVERY = 5
_WARM_UP_S = 3.0
_PROBE_WORDS = 64


@dataclass(frozen=True)
class Sweep:
    """What to measure.

    Attributes:
        spread: token lengths to draw.
        seconds: length of every run of a pass.
        widths: clients of the closed loops, ascending; the last one fills the engine.
        rates: requests/s of the open loops; empty takes shares of the closed loops' throughput.
        passes: how often every run is repeated.
        seed: of lengths, prompts and arrivals.
    """

    spread: Spread
    seconds: float
    widths: tuple[int, ...]
    rates: tuple[float, ...] = ()
    passes: int = 1
    seed: int = 0


def widths_up_to(max_num_seqs: int) -> tuple[int, ...]:
    """Widths from one client to a full batch, in three equal ratios."""
    return tuple(
        sorted({1, round(max_num_seqs ** (1 / 3)), round(max_num_seqs ** (2 / 3)), max_num_seqs})
    )


async def sweep(target: Target, plan: Sweep) -> pl.DataFrame:
    """Measure; every fifth request is held out, as part ``test``.

    Returns:
        LIVE_REQUESTS rows of all runs, without the warm-up.

    Raises:
        EndpointError: the server does not stream completions with usage, or answers too few.
    """
    per_word = await tokens_per_word(target)
    asked = questions(plan.spread, per_word, stream(plan.seed, "live", "lengths"))
    say(f"warm-up: {_WARM_UP_S:g} s with {plan.widths[-1]} clients")
    await run_closed(target, asked, plan.widths[-1], _WARM_UP_S, lambda _: "warmup")
    passes: list[pl.DataFrame] = []
    rates = list(plan.rates)
    for number in range(1, plan.passes + 1):
        closed = [await _closed(target, asked, width, plan, number) for width in plan.widths]
        rates = rates or _rates(throughput(closed[-1]))
        opened = [await _open(target, asked, rate, plan, number) for rate in rates]
        named = pl.concat_str("run", pl.lit(f", pass {number}"))
        passes.append(pl.concat(closed + opened).with_columns(run=named))
    return pl.concat(passes)


async def _closed(
    target: Target, asked: Iterator[Asked], width: int, plan: Sweep, repeat: int
) -> pl.DataFrame:
    say(f"closed loop of {width}: {plan.seconds:g} s")
    return await run_closed(target, asked, width, plan.seconds, partial(_part, repeat))


async def _open(
    target: Target, asked: Iterator[Asked], rate: float, plan: Sweep, repeat: int
) -> pl.DataFrame:
    say(f"open loop at {rate:g} requests/s: {plan.seconds:g} s")
    rng = stream(plan.seed, "live", "arrivals", rate, repeat)
    arrivals = open_arrivals(rate, plan.seconds, rng)
    return await run_open(target, asked, arrivals, rate, partial(_part, repeat))


def _part(repeat: int, number: int) -> str:
    # Another fifth in every pass, so that runs of a few requests have one held out as well.
    return "test" if (repeat + number) % _HELD_OUT_EVERY == 0 else "fit"


def questions(spread: Spread, per_word: float, rng: np.random.Generator) -> Iterator[Asked]:
    """Draw requests without end; `per_word` is tokens per word of a prompt."""
    while True:
        prompts, outputs = draw_lengths(spread, 1, rng)
        yield Asked(draw_prompt(int(prompts[0]), per_word, rng), int(outputs[0]))


async def tokens_per_word(target: Target) -> float:
    """Ask once, and see how many tokens of this model a word of our prompts takes.

    Raises:
        EndpointError: the server does not stream a completion that ends with its usage.
    """
    prompt = draw_prompt(_PROBE_WORDS, 1.0, stream(0, "live", "probe"))
    answered = await target.client.ask(target.model, prompt, 8)
    tokens = answered.reply.prompt_tokens
    if answered.outcome != "ok" or tokens is None:
        raise EndpointError(
            f"{target.client.url}/v1/completions: {answered.reason}, but a streamed completion "
            "that ends with its usage is expected"
        )
    return tokens / _PROBE_WORDS


def throughput(rows: pl.DataFrame) -> float:
    """Requests per second of a closed run, from its start to its last token.

    Raises:
        EndpointError: no request of it ended well.
    """
    good = rows.filter(pl.col("outcome") == "ok")
    if not good.height:
        reason = str(rows["reason"].drop_nulls().first()) if rows.height else "nothing was asked"
        raise EndpointError(f"no request of the widest closed loop ended well ({reason!s})")
    last = good["token_s"].list.last().max()
    assert isinstance(last, float)
    return good.height / last


def _rates(most: float) -> list[float]:
    return [float(f"{share * most:.3g}") for share in _LOADS]
